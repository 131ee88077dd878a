//! The variables for a pod: a config map with the trust files, and where a container gets it. Applies nothing.

use std::fmt::Write as _;

use super::Variables;
use crate::trust::{ADDING, REPLACING, TrustFile};

/// Two YAML documents. In the pod the trust files are below [`MOUNT`], and the variables say so.
pub(super) fn manifest(variables: &Variables) -> String {
    let [bundle, added] = &variables.files;
    let env = variables.lines(|name, value| {
        let value = match name {
            name if REPLACING.contains(&name) => mounted(bundle),
            ADDING => mounted(added),
            _ => value.to_owned(),
        };
        variable(name, &value)
    });
    let data = [bundle, added].map(entry).concat();
    format!(
        "\
# 1. The trust files. Apply on the server's side: they can be larger than what kubectl notes down otherwise.
apiVersion: v1
kind: ConfigMap
metadata:
  name: {NAME}
data:
{data}---
# 2. For the pod's spec; env and volumeMounts belong to every container.
containers:
  - env:
{env}    volumeMounts:
      - name: {NAME}
        mountPath: {MOUNT}
        readOnly: true
volumes:
  - name: {NAME}
    configMap:
      name: {NAME}
"
    )
}

/// An item of a container's `env`.
pub(super) fn variable(name: &str, value: &str) -> String {
    let value = quoted(value);
    format!("      - name: {name}\n        value: {value}\n")
}

fn entry(file: &TrustFile) -> String {
    let mut text = format!("  {}: |\n", file.name());
    for line in file.pem.lines() {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "    {line}");
    }
    text
}

fn mounted(file: &TrustFile) -> String {
    format!("{MOUNT}/{}", file.name())
}

/// A JSON string is a YAML string. Kubernetes then replaces `$(NAME)` in values; `$$` is a dollar.
fn quoted(value: &str) -> String {
    serde_json::Value::from(value.replace('$', "$$")).to_string()
}

const NAME: &str = "aegis-trust";
const MOUNT: &str = "/etc/aegis-trust";
