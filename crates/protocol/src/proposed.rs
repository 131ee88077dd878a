//! A call that a model proposes, as the agent's own: the data in its arguments, and how they are redacted. It decides nothing.

use std::borrow::Cow;

use aegis_dlp::Scanner;
use aegis_policy::{DataFinding, Parameters, Redaction};
use bytes::Bytes;
use serde_json::Value;

use crate::parameters::escape;
use crate::pseudonyms::Means;
use crate::redact::{self, BodyKind, Targets};
use crate::{RedactError, findings};

/// Sensitive data in the name, at `name:`, and in the arguments, at `body:` and a JSON Pointer into them.
pub fn data(name: &str, arguments: &Parameters, scanner: &Scanner) -> Vec<DataFinding> {
    findings::in_call(name, &Value::Object(arguments.clone()), scanner)
}

/// The arguments without what is to be redacted. A named parameter that is absent needs nothing. What
/// stands in the name of the call cannot be redacted: another one would be called.
pub fn redact(
    name: &str,
    arguments: &Parameters,
    redactions: &[Redaction],
    means: &Means<'_>,
) -> Result<Parameters, RedactError> {
    let (mut pointers, mut kinds) = (Vec::new(), Vec::new());
    for redaction in redactions {
        match redaction {
            Redaction::Parameter(name, action) if arguments.contains_key(&**name) => {
                let pointer = format!("/{}", escape(name));
                pointers.push((Cow::Owned(pointer), *action));
            }
            Redaction::Parameter(..) => {}
            Redaction::Data(kind, action) => kinds.push((&**kind, *action)),
        }
    }
    let targets = Targets {
        pointers: &pointers,
        names: &[],
        kinds: &kinds,
    };
    if redact::holds_data(name, &targets, means) {
        return Err(RedactError::Name);
    }
    let text = Bytes::from(Value::Object(arguments.clone()).to_string());
    match redact::body(BodyKind::Json, &text, &targets, means)? {
        None => Ok(arguments.clone()),
        Some(redacted) => serde_json::from_slice(&redacted).map_err(|_| RedactError::Remains),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use aegis_policy::{Action, Numbers};

    use super::*;
    use crate::testing::{means, scanner};

    #[test]
    fn data_in_arguments_is_found_and_gone_after_redaction() {
        let scanner = scanner();
        let Value::Object(arguments) =
            json!({"to": {"mail": "ann@corp.example"}, "a/b": 7, "n": 1})
        else {
            unreachable!()
        };
        let found = data("send", &arguments, scanner);
        assert_eq!(
            (found[0].kind, &*found[0].path),
            ("EMAIL_ADDRESS", "body:/to/mail")
        );

        let redactions = [
            Redaction::Data("EMAIL_ADDRESS".into(), Action::Label),
            Redaction::Parameter("a/b".into(), Action::Label),
            Redaction::Parameter("absent".into(), Action::Label),
        ];
        let means = Means {
            numbers: Numbers::Text,
            ..means()
        };
        let redacted = redact("send", &arguments, &redactions, &means).unwrap();
        assert_eq!(data("send", &redacted, scanner), []);
        assert_eq!(redacted["a/b"], "[REDACTED]");
        assert_eq!(redacted["n"], 1);
    }

    #[test]
    fn data_in_the_name_is_found_and_cannot_be_redacted() {
        let (name, none) = ("ann@corp.example", Parameters::new());
        let found = data(name, &none, scanner());
        assert_eq!((found[0].kind, &*found[0].path), ("EMAIL_ADDRESS", "name:"));

        let asked = |kind: &str| [Redaction::Data(kind.into(), Action::Label)];
        let redacted = |kind| redact(name, &none, &asked(kind), &means());
        assert_eq!(redacted("EMAIL_ADDRESS"), Err(RedactError::Name));
        assert_eq!(redacted("IBAN"), Ok(Parameters::new()));
    }
}
