//! What docs/evidence.md says of the table of causes is what the table says.

use super::Cause;

#[test]
fn the_page_has_exactly_the_codes_that_the_table_has() {
    let rows: Vec<String> = ALL.iter().map(|cause| row(*cause)).collect();
    let (_, table) = PAGE.split_once(HEAD).expect("the table");
    let documented: Vec<_> = table.lines().take_while(|it| it.starts_with('|')).collect();
    assert_eq!(
        documented,
        rows,
        "put this into docs/evidence.md:\n{HEAD}{}",
        rows.join("\n")
    );
}

#[test]
fn every_cause_is_on_the_page() {
    let rows = include_str!("../cause.rs").matches("=> (StatusCode::");
    assert_eq!(rows.count(), ALL.len());
    for (at, cause) in ALL.iter().enumerate() {
        assert!(!ALL[..at].contains(cause), "{cause:?} twice");
    }
}

fn row(cause: Cause) -> String {
    let row = cause.row();
    let status = row.status.as_u16();
    format!("| `{}` | {status} | {} |", row.rule, row.message)
}

const PAGE: &str = include_str!("../../../../../docs/evidence.md");
const HEAD: &str = "| code | status | what went wrong |\n|---|---|---|\n";

/// In the order of the page.
const ALL: [Cause; 45] = [
    Cause::Malformed,
    Cause::HeadTooLarge,
    Cause::HeadStalled,
    Cause::HeadCut,
    Cause::Unread,
    Cause::BodyStalled,
    Cause::BodyBroken,
    Cause::NotProxyForm,
    Cause::NotGatewayForm,
    Cause::Handshake,
    Cause::HandshakeStalled,
    Cause::NameDisagreement,
    Cause::Destination,
    Cause::ServicePath,
    Cause::ServiceUnknown,
    Cause::Credential,
    Cause::CredentialMissing,
    Cause::ApiKey,
    Cause::ApiKeyMissing,
    Cause::Chain,
    Cause::Uninspectable,
    Cause::HeaderMismatch,
    Cause::Batch,
    Cause::WebSocket,
    Cause::Policy,
    Cause::Approval,
    Cause::PolicyFault,
    Cause::Revoked,
    Cause::SanitizeImpossible,
    Cause::Residency,
    Cause::Address,
    Cause::AuditUnavailable,
    Cause::DetectorUnavailable,
    Cause::Overload,
    Cause::BodyOverload,
    Cause::Draining,
    Cause::ServiceKey,
    Cause::Unsignable,
    Cause::NameNotFound,
    Cause::ConnectFailed,
    Cause::ConnectTimeout,
    Cause::UpstreamTls,
    Cause::UpstreamBroken,
    Cause::UpstreamTimeout,
    Cause::AnswerUnreadable,
];
