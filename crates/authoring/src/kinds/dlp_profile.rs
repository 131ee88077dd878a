//! `DlpProfile`: what is done about sensitive data, by its type.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::NotEnforced;

/// What is done about the sensitive data that is found in a call. A type without a rule is denied.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DlpProfile {
    /// What is done, by the type of the data.
    pub(crate) types: BTreeMap<DataType, Effect>,
    /// Detectors of your own.
    #[serde(default, rename = "detectors")]
    _detectors: NotEnforced,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DataType {
    Email,
    PaymentCard,
    AwsKey,
    PemKey,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Effect {
    /// It may be sent.
    Allow,
    /// It is redacted, then the call is forwarded.
    Sanitize,
    /// The call waits for a human.
    ApprovalNeeded,
    /// The call is refused.
    Deny,
}
