//! Plain HTTP: a method at a host. It looks for no parameters, only for data.

use aegis_policy::CallKind;

use crate::inspected::{Described, Subject};

/// Tool `http`, or the service where the catalogue has one; the action is the method.
pub(crate) fn describe(subject: &Subject<'_>) -> Described {
    let tool = subject
        .service
        .map_or_else(|| "http".to_owned(), |service| service.name.to_string());
    let action = subject.view.method.as_str().to_ascii_lowercase();
    Described::new(CallKind::Http, tool, action)
}
