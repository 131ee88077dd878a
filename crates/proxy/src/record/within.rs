//! Records of calls that come with another one: proposed in its answer, carried by it, or sent on the WebSocket that it opened.

use std::sync::Arc;

use aegis_policy::{Authority, Caller, Scheme, Snapshot};
use aegis_telemetry::trace::TraceContext;
use http::{HeaderMap, Method};

use super::Record;
use crate::plane::Plane;
use crate::request::Channel;

/// What a call comes with; each has the other call's id.
pub(super) enum Within {
    /// A model's answer proposes it.
    Answer(Arc<str>),
    /// A request carries it together with others.
    Batch(Arc<str>),
    /// It is a message on a WebSocket, whose handshake this is.
    WebSocket(Arc<str>),
}

/// The call that a model is answering, that carries several messages, or that opened a WebSocket.
#[derive(Clone)]
pub(crate) struct Asked {
    channel: Channel,
    id: Arc<str>,
    trace: TraceContext,
    method: Method,
    destination: Option<(Scheme, Authority, Arc<str>)>,
    caller: Option<Caller>,
}

impl Record {
    /// What the records of the calls that this one's answer proposes, or that it carries, begin with.
    pub(crate) fn asking(&self) -> Asked {
        Asked {
            channel: self.channel.clone(),
            id: Arc::clone(&self.id),
            trace: self.trace.clone(),
            method: self.method.clone(),
            destination: self.destination.clone(),
            caller: self.caller.clone(),
        }
    }

    /// Of a call that is proposed in answer to another one.
    pub(crate) fn proposed(plane: &Plane, asked: &Asked) -> Self {
        let policy = plane.activation.current();
        let within = Within::Answer(Arc::clone(&asked.id));
        Self::of(plane, asked, within, policy.as_deref())
    }

    /// Of a message on a WebSocket that another call has opened.
    pub(crate) fn message(plane: &Plane, asked: &Asked) -> Self {
        let policy = plane.activation.current();
        let within = Within::WebSocket(Arc::clone(&asked.id));
        Self::of(plane, asked, within, policy.as_deref())
    }

    /// Of one message of a batch, which is judged by the policy of the whole.
    pub(crate) fn batched(plane: &Plane, asked: &Asked, policy: &Snapshot) -> Self {
        let within = Within::Batch(Arc::clone(&asked.id));
        Self::of(plane, asked, within, Some(policy))
    }

    fn of(plane: &Plane, asked: &Asked, within: Within, policy: Option<&Snapshot>) -> Self {
        let (channel, method) = (&asked.channel, &asked.method);
        let mut record = Self::begin(plane, channel, method, &HeaderMap::new(), policy);
        record.within = Some(within);
        record.trace = asked.trace.child();
        record.destination.clone_from(&asked.destination);
        record.caller.clone_from(&asked.caller);
        record
    }
}
