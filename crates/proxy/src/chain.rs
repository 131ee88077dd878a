//! On whose behalf an agent calls: takes the proof from a request, and gives the next one along. It judges nothing.
//!
//! Whatever a caller says of itself is not trusted, so the chain travels as a token that only Aegis
//! can make and read: a member of the W3C `baggage` that OpenTelemetry hands on by itself. An agent
//! that hands on `traceparent` only is found again by the second witness, this data plane's memory.

mod baggage;
mod key;
mod token;
mod witness;

use std::sync::Arc;

use aegis_config::Settings;
use aegis_policy::{CallKind, Caller, Chain, Intent};
use aegis_telemetry::trace::TraceContext;
use http::HeaderMap;

use crate::key_file::KeyFileError;
use crate::refusal::{Cause, Refusal};
use key::Key;
use token::{Token, TokenError};
use witness::{Hop, Witness};

#[derive(Debug)]
pub(crate) struct Chains {
    key: Key,
    witness: Witness,
}

impl Chains {
    pub(crate) fn new(settings: &Settings) -> Result<Self, KeyFileError> {
        let key = match &settings.chain.key_file {
            Some(file) => Key::read(file)?,
            None => Key::read_or_create(&settings.data_dir)?,
        };
        Ok(Self {
            key,
            witness: Witness::default(),
        })
    }

    /// The chain that came with a request, which keeps nothing of the proof: whom it may reach is
    /// not yet known. Of two witnesses the one that saw more agents is believed.
    ///
    /// A token of another tenant, or under another key, is as good as none: what happened elsewhere
    /// is none of this tenant's business, and who answers a stranger must not be stopped by what the
    /// stranger sends along. What only pretends to be a token of ours is refused.
    pub(crate) fn take(
        &self,
        headers: &mut HeaderMap,
        caller: &Caller,
        trace: &TraceContext,
    ) -> Result<Chain, Refusal> {
        let carried = self.carried(headers, caller)?;
        let seen = trace.parent_id().and_then(|parent| {
            let (tenant, agent) = (&caller.tenant, &caller.agent);
            self.witness.find(tenant, trace.trace_id(), parent, agent)
        });
        let carried_agents = carried.as_ref().map_or(0, |token| token.agents.len());
        let chain = match (carried, seen) {
            (_, Some(seen)) if seen.len() > carried_agents => Chain {
                agents: seen,
                trace_id: trace.trace_id_hex().into(),
            },
            (Some(token), _) => Chain {
                agents: token.agents.into(),
                trace_id: token.trace_id,
            },
            (None, _) => Self::begun(trace),
        };
        if chain.depth() > Chain::GREATEST_DEPTH {
            return Err(refused(TOO_LONG));
        }
        Ok(chain)
    }

    /// Of a caller that acts for itself.
    pub(crate) fn begun(trace: &TraceContext) -> Chain {
        Chain {
            agents: Arc::default(),
            trace_id: trace.trace_id_hex().into(),
        }
    }

    /// Sends the chain along, with the caller at its end, where an agent may be at the other end.
    /// Nobody else gets it.
    pub(crate) fn extend(
        &self,
        headers: &mut HeaderMap,
        intent: &Intent,
        trace: &TraceContext,
    ) -> Result<(), Refusal> {
        if !matches!(intent.call.kind, CallKind::A2a | CallKind::Mcp) {
            return Ok(());
        }
        let Caller { tenant, agent, .. } = &intent.caller;
        let before = intent.chain.agents.iter();
        let agents: Vec<Arc<str>> = before.chain([agent]).cloned().collect();
        if agents.iter().map(|name| name.len()).sum::<usize>() > LONGEST_NAMES {
            return Err(refused(TOO_LONG));
        }
        let called = intent.call.tool.split('/').next().unwrap_or_default();
        let hop = Hop {
            span: trace.span_id(),
            to: called.into(),
            agents: agents.as_slice().into(),
        };
        self.witness.note(tenant, trace.trace_id(), hop);
        let token = Token::new(
            Arc::clone(tenant),
            agents,
            Arc::clone(&intent.chain.trace_id),
        );
        let sealed = token.seal(&self.key).ok_or_else(|| refused(UNPROVEN))?;
        baggage::put(headers, &sealed);
        Ok(())
    }

    fn carried(&self, headers: &mut HeaderMap, caller: &Caller) -> Result<Option<Token>, Refusal> {
        let found = baggage::take(headers);
        let text = match &*found {
            [] => return Ok(None),
            [one] => one,
            _ => return Err(refused(DOUBLED)),
        };
        let opened = Token::open(text, &self.key).map_err(|error| match error {
            TokenError::Forged => refused(INVALID),
            TokenError::Expired => refused(EXPIRED),
        })?;
        Ok(opened.filter(|token| token.tenant == caller.tenant))
    }
}

/// Rule and message.
type Reason = (&'static str, &'static str);

fn refused((rule, message): Reason) -> Refusal {
    Refusal::because(Cause::Chain, rule, message)
}

const INVALID: Reason = (
    "chain.invalid",
    "the baggage member aegis-chain is not what Aegis has sent",
);
const DOUBLED: Reason = (
    "chain.doubled",
    "the baggage member aegis-chain is there more than once",
);
const EXPIRED: Reason = (
    "chain.expired",
    "the baggage member aegis-chain is more than a day old",
);
const TOO_LONG: Reason = (
    "chain.too_long",
    "more than 15 agents have called one another",
);
const UNPROVEN: Reason = ("chain.unproven", "the chain of agents cannot be sent along");

/// Bytes of the names together: what is sent along stays well below what SDKs hand on.
const LONGEST_NAMES: usize = 1_536;

#[cfg(test)]
mod tests;
