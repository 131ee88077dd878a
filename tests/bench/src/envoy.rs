//! Envoy without policy and without logs, the peer that many would put in Aegis' place; plain HTTP only. Measures nothing itself.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::process::{Core, Process};

/// None where it is not installed: `tests/tools/install-envoy.sh` does that.
pub(crate) fn start(directory: &Path, own: u16, upstream: u16) -> Result<Option<Process>> {
    let Some(program) = program() else {
        return Ok(None);
    };
    let file = directory.join("envoy.yaml");
    let text = SETTINGS.replace("OWN", &own.to_string());
    fs::write(&file, text.replace("UPSTREAM", &upstream.to_string()))?;
    // One core, as everything that is measured.
    let arguments = [
        "--config-path",
        &file.to_string_lossy(),
        "--concurrency",
        "1",
        "--disable-hot-restart",
        "--log-level",
        "error",
    ];
    Process::start(Core::Measured, &program, &arguments).map(Some)
}

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join("envoy"))
        .find(|file| file.is_file())
}

const SETTINGS: &str = r#"
static_resources:
  listeners:
  - address: {socket_address: {address: 127.0.0.1, port_value: OWN}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: bench
          route_config:
            virtual_hosts:
            - {name: all, domains: ["*"], routes: [{match: {prefix: "/"}, route: {cluster: upstream}}]}
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
  clusters:
  - name: upstream
    load_assignment:
      cluster_name: upstream
      endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: UPSTREAM}}}}]}]
"#;
