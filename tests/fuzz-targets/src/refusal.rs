//! The refusal that every target sends. It means nothing.

use aegis_policy::Outcome;
use aegis_protocol::RefusalDocument;

pub(crate) const REFUSAL: RefusalDocument<'static> = RefusalDocument {
    status: 403,
    decision_id: "d-1",
    outcome: Outcome::Deny,
    reasons: &[],
    policy_version: "7",
    approval_id: None,
    region: "eu-central-1",
    next_step: "use another tool",
    retryable: false,
    as_tool_result: false,
};
