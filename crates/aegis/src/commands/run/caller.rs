//! Who the process is to the proxy. Proves nothing: the proxy does.

use std::collections::BTreeMap;

use aegis_config::{Credential, PolicySource, Proof, Settings};
use aegis_document::nearest;

use super::Arguments;
use crate::exit::{Exit, Failure};
use crate::output::{note, warning};
use crate::policies::{self, Unusable};
use crate::secret::Secret;

/// Agents, each with its tenant.
type Agents = BTreeMap<String, String>;

/// Whom the policies know, where that can be told here. With a directory that cannot be read or that
/// has mistakes, nothing would be in force, whoever calls; a bundle may have a last good one.
pub(super) fn agents(settings: &Settings) -> Result<Option<Agents>, Failure> {
    let unusable = match policies::read(&settings.policy, &settings.region) {
        Ok(policy) => return Ok(policy.map(|policy| policies::agents(&policy.sources))),
        Err(unusable) => unusable,
    };
    match (unusable, &settings.policy.source) {
        (_, PolicySource::Bundle(_)) => Ok(None),
        (Unusable::Unreadable(error), _) => Err(Failure::new(Exit::Configuration, error)),
        (Unusable::Mistaken(problems), _) => Err(Failure::new(Exit::Configuration, problems)),
    }
}

/// The credential that the settings know, or one that is made for this run and forgotten after it.
pub(super) fn credential(
    arguments: &Arguments,
    settings: &mut Settings,
    agents: Option<&Agents>,
) -> Result<(String, Secret), Failure> {
    if let Some((id, secret)) = arguments.credential.secret_of(settings)? {
        return Ok((id.to_owned(), secret));
    }
    let (tenant, agent) = match (&arguments.tenant, &arguments.agent) {
        (Some(tenant), Some(agent)) => {
            if let Some(agents) = agents {
                warn_of_unknown(tenant, agent, agents);
            }
            (tenant.clone(), agent.clone())
        }
        _ => only_agent(agents.unwrap_or(&Agents::new()))?,
    };
    let secret = Secret::random()?;
    let credentials = &mut settings.identity.credentials;
    credentials.retain(|known| &*known.id != RUN_ID);
    credentials.push(Credential {
        id: RUN_ID.into(),
        tenant: tenant.into(),
        agent: agent.into(),
        proof: Proof::Secret(secret.digest()),
    });
    Ok((RUN_ID.to_owned(), secret))
}

/// A misspelt tenant or agent would be a silent no for every call of it.
fn warn_of_unknown(tenant: &str, agent: &str, agents: &Agents) {
    let (mistake, hint) = match agents.get(agent) {
        Some(known) if known == tenant => return,
        Some(known) => (
            "the policies give this agent to another tenant",
            Some(known.as_str()),
        ),
        None => {
            let known = agents.keys().map(String::as_str);
            ("no policy knows this agent", nearest(agent, known))
        }
    };
    let hint = hint.map_or_else(String::new, |hint| format!(" (did you mean `{hint}`?)"));
    warning(format!(
        "agent `{agent}` of tenant `{tenant}`: {mistake}, so every call of it is denied{hint}"
    ));
}

/// Tenant and agent where the policies leave no choice.
fn only_agent(agents: &Agents) -> Result<(String, String), Failure> {
    let mut known = agents.iter();
    if let (Some((agent, tenant)), None) = (known.next(), known.next()) {
        note(format!(
            "aegis: the process is agent `{agent}` of tenant `{tenant}`, whom alone the policies know"
        ));
        return Ok((tenant.clone(), agent.clone()));
    }
    let mut message = "say who calls: --tenant and --agent, or --credential".to_owned();
    if !agents.is_empty() {
        let agents = agents
            .iter()
            .map(|(agent, tenant)| format!("`{agent}` of `{tenant}`"));
        let agents: Vec<_> = agents.take(LISTED).collect();
        message = format!("{message}; the policies know {}", agents.join(", "));
    }
    Err(Failure::new(Exit::Usage, message))
}

const RUN_ID: &str = "aegis-run";
const LISTED: usize = 10;
