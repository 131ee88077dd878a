//! Who the process is to the proxy, and whose audit lines count. Proves nothing: the proxy does.

use aegis_config::{Credential, Proof, Settings};

use super::Arguments;
use super::summary::Scope;
use crate::exit::{Exit, Failure};
use crate::output::note;
use crate::policies;
use crate::secret::Secret;

/// The credential that the settings know, or one that is made for this run and forgotten after it.
pub(super) fn credential(
    arguments: &Arguments,
    settings: &mut Settings,
) -> Result<(String, Secret), Failure> {
    if let Some((id, secret)) = arguments.credential.secret()? {
        check(&settings.identity.credentials, id, &secret)?;
        return Ok((id.to_owned(), secret));
    }
    let (tenant, agent) = match (&arguments.tenant, &arguments.agent) {
        (Some(tenant), Some(agent)) => (tenant.clone(), agent.clone()),
        _ => only_agent(settings)?,
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

/// What the proxy would refuse at each call is refused before there is a process to make one.
fn check(credentials: &[Credential], id: &str, secret: &Secret) -> Result<(), Failure> {
    let known = credentials.iter().find(|known| &*known.id == id);
    let mistake = match known.map(|known| &known.proof) {
        Some(Proof::Secret(digest)) if *digest == secret.digest() => return Ok(()),
        Some(Proof::Secret(_)) => "the secret is not the one that the settings know it by",
        Some(Proof::Certificate(_)) => "the settings know it by a certificate, not by a secret",
        None => "the settings do not have it",
    };
    let message = format!("credential `{id}`: {mistake}, so every call would be refused");
    Err(Failure::new(Exit::Usage, message))
}

/// Tenant and agent where the policies leave no choice.
fn only_agent(settings: &Settings) -> Result<(String, String), Failure> {
    // Policies that cannot be read are told when the proxy reads them, with all their mistakes.
    let agents = policies::read(&settings.policy, &settings.region)
        .ok()
        .flatten()
        .map(|policy| policies::agents(&policy.sources))
        .unwrap_or_default();
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

pub(super) fn scope(settings: &Settings, id: &str) -> Scope {
    let mut credentials = settings.identity.credentials.iter();
    let known = credentials.find(|known| &*known.id == id);
    known
        .map(|known| Scope {
            tenant: known.tenant.to_string(),
            agent: known.agent.to_string(),
        })
        .unwrap_or_default()
}

const RUN_ID: &str = "aegis-run";
const LISTED: usize = 10;
