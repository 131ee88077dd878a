//! Which data planes belong to a canary: pure, and the same answer every time.

use std::collections::BTreeMap;

use aegis_api::Rollout;

use crate::error::Fault;
use crate::principals::{Caller, sha256};
use crate::settings::{Principal, Role};

/// A data plane as rollouts see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'a> {
    principal: &'a str,
    instance: &'a str,
    labels: Option<&'a BTreeMap<String, String>>,
}

impl<'a> Member<'a> {
    pub(crate) fn new(principal: &'a Principal, instance: &'a str) -> Self {
        let labels = match &principal.role {
            Role::DataPlane { labels, .. } => Some(labels),
            _ => None,
        };
        Self {
            principal: &principal.name,
            instance,
            labels,
        }
    }

    pub(crate) fn of(caller: &'a Caller) -> Self {
        Self::new(caller.principal(), caller.instance())
    }

    pub(crate) fn is_in(&self, rollout: &Rollout) -> bool {
        match rollout {
            Rollout::All => true,
            Rollout::Percent { percent } => self.place() < u64::from(*percent),
            Rollout::Label { name, value } => self
                .labels
                .and_then(|labels| labels.get(name))
                .is_some_and(|label| label == value),
        }
    }

    /// 0 to 99. Neither the publication nor the time is in it, so that whoever was in a canary of
    /// 10 % stays in it when it grows.
    fn place(&self) -> u64 {
        let id = format!("canary/{}/{}", self.principal, self.instance);
        let digest = sha256(id.as_bytes());
        let first = digest.first_chunk().copied().unwrap_or_default();
        u64::from_be_bytes(first) % 100
    }
}

/// Whether it can be understood at all.
pub(crate) fn check(rollout: &Rollout) -> Result<(), Fault> {
    match rollout {
        Rollout::Percent { percent } if !(1..=99).contains(percent) => Err(Fault::Invalid(
            "`percent` must be between 1 and 99; all is `{\"to\": \"all\"}`".into(),
        )),
        Rollout::Label { name, value } if name.is_empty() || value.is_empty() => Err(
            Fault::Invalid("`name` and `value` of a label must not be empty".into()),
        ),
        _ => Ok(()),
    }
}

/// A canary only grows: a data plane that left it would be offered an older bundle, and refuse it.
pub(crate) fn is_wider(new: &Rollout, old: &Rollout) -> bool {
    match (new, old) {
        (Rollout::All, Rollout::Percent { .. } | Rollout::Label { .. }) => true,
        (Rollout::Percent { percent: new }, Rollout::Percent { percent: old }) => new > old,
        _ => false,
    }
}
