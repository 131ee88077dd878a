//! From a request to an intent: reads as much of the body as may be read, and asks what it says. Decides nothing.

mod coding;
mod read;

use std::sync::Arc;
use std::time::Duration;

use aegis_dlp::Scanner;
use aegis_policy::{
    Call, Caller, Chain, DataFinding, Destination, Front, HttpPart, Intent, Phase, Service,
    Snapshot, Truncation,
};
use aegis_protocol::mcp::{self, Batch};
use aegis_protocol::{
    BodyView, Dialect, Finder, Heard, InspectError, Inspected, Reading, RequestView, Texts, grpc,
};
use bytes::Bytes;
use http::{HeaderMap, header};
use hyper::body::Incoming;

use crate::body::{RequestBody, Traffic};
use crate::budget::Budget;
use crate::detector::Detector;
use crate::dialogues::Dialogues;
use crate::plane::Plane;
use crate::refusal::{Cause, Refusal};
use crate::request::Request;
use crate::tools::Tools;
use read::{Seen, unread};

/// A request that has been understood, with its body ready to be sent on.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) intent: Intent,
    pub(crate) reading: Reading,
    pub(crate) request: Request<RequestBody>,
    /// The body, where it was read to its end.
    pub(crate) read: Option<Bytes>,
    pub(crate) heard: Heard,
    /// It answers an MCP server that has not asked.
    pub(crate) unasked: Option<Refusal>,
}

/// A batch of messages that has been understood.
#[derive(Debug)]
pub(crate) struct DescribedBatch {
    pub(crate) batch: Batch,
    pub(crate) asking: Asking,
    pub(crate) request: Request<RequestBody>,
    pub(crate) read: Bytes,
    pub(crate) heard: Heard,
    /// Of each message.
    pub(crate) unasked: Vec<Option<Refusal>>,
}

/// What a request turned out to be.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every request is one message"
)]
pub(crate) enum Understood {
    One(Described),
    Batch(DescribedBatch),
}

/// What is the same for every call that this data plane describes.
#[derive(Debug)]
pub(crate) struct Describer {
    /// Of the catalogue alone, for where no policy is in force.
    pub(crate) scanner: Arc<Scanner>,
    pub(crate) detector: Option<Detector>,
    pub(crate) tools: Arc<Tools>,
    pub(crate) dialogues: Dialogues,
    pub(crate) region: Arc<str>,
    /// Bytes of a body that are read before it is judged.
    pub(crate) body_limit: usize,
    /// For reading them.
    pub(crate) body_time: Duration,
    pub(crate) budget: Budget,
}

/// Who asks, and under which id.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    pub(crate) front: Front,
    pub(crate) id: Arc<str>,
    pub(crate) time: Arc<str>,
    pub(crate) caller: Caller,
    pub(crate) chain: Chain,
}

impl Plane {
    /// For what is looked at before a policy judges it, or beside that.
    pub(crate) fn scanner(&self) -> Arc<Scanner> {
        let policy = self.activation.current();
        let scanner = policy.as_ref().map(|policy| policy.scanner());
        Arc::clone(scanner.unwrap_or(&self.describer.scanner))
    }
}

impl Describer {
    pub(crate) async fn describe(
        &self,
        request: Request<Incoming>,
        asking: Asking,
        policy: &Snapshot,
        traffic: Arc<Traffic>,
    ) -> Result<Understood, (Refusal, Dialect)> {
        let service = policy.catalogue().service(&request.authority);
        let dialect = guess(&request, service);
        let read = if grpc::is_call(&request.method, &request.headers, service) {
            Ok(unread(request, traffic))
        } else {
            self.read(request, traffic).await
        };
        let (request, seen) = match read {
            Ok(read) => read,
            Err(refusal) => return Err((refusal, dialect)),
        };
        let heard = self.heard(|scanner, most| Texts::of(&view(&request, &seen), scanner, most));
        let heard = heard.await.map_err(|refusal| (refusal, dialect.clone()))?;
        let finder = Finder {
            scanner: policy.scanner(),
            heard: &heard,
        };
        let view = view(&request, &seen);
        let inspected = aegis_protocol::inspect(&view, service, finder);
        if let (Err(InspectError::Batch), Seen::Whole(read)) = (&inspected, &seen) {
            let batch = Batch::inspect(&view, service, finder);
            let batch = batch.map_err(|error| (uninspectable(&error), dialect))?;
            let read = read.clone();
            let messages = batch.messages().iter();
            let unasked = messages.map(|message| self.unasked(&message.reading, &asking, &request));
            return Ok(Understood::Batch(DescribedBatch {
                unasked: unasked.collect(),
                batch,
                asking,
                request,
                read,
                heard,
            }));
        }
        let Inspected {
            call,
            data,
            reading,
        } = inspected.map_err(|error| {
            let read = Dialect::of_message(&view);
            let read = read.filter(|_| matches!(error, InspectError::HeaderMismatch { .. }));
            (uninspectable(&error), read.unwrap_or(dialect))
        })?;
        let unasked = self.unasked(&reading, &asking, &request);
        let intent = self.intent(&request, service, asking, (call, data));
        let read = match seen {
            Seen::Whole(bytes) => Some(bytes),
            Seen::Absent | Seen::Truncated => None,
        };
        Ok(Understood::One(Described {
            intent,
            reading,
            request,
            read,
            heard,
            unasked,
        }))
    }

    fn unasked(
        &self,
        reading: &Reading,
        asking: &Asking,
        request: &Request<RequestBody>,
    ) -> Option<Refusal> {
        reading.answers()?;
        let session = mcp::session(&request.headers);
        let dialogue = self
            .dialogues
            .of(&asking.caller, &request.authority, session);
        dialogue.unasked(reading)
    }

    /// What the detector says is in these texts; nothing where nobody named one.
    pub(crate) async fn heard(
        &self,
        texts: impl FnOnce(&Scanner, usize) -> Texts,
    ) -> Result<Heard, Refusal> {
        match &self.detector {
            None => Ok(Heard::default()),
            // Kept out of the future of every other call.
            Some(detector) => {
                let texts = texts(&self.scanner, detector.max_bytes());
                Box::pin(detector.ask(texts, self.budget.share())).await
            }
        }
    }

    /// The intent of one message of a batch, under an id of its own.
    pub(crate) fn message(
        &self,
        described: &DescribedBatch,
        message: &Inspected,
        asking: Asking,
        policy: &Snapshot,
    ) -> Intent {
        let request = &described.request;
        let service = policy.catalogue().service(&request.authority);
        let said = (message.call.clone(), message.data.clone());
        self.intent(request, service, asking, said)
    }

    /// The intent of a CONNECT: only names are known.
    pub(crate) fn tunnel(
        &self,
        authority: &aegis_policy::Authority,
        scheme: aegis_policy::Scheme,
        asking: Asking,
        policy: &Snapshot,
    ) -> Intent {
        let service = policy.catalogue().service(authority);
        Intent {
            phase: Phase::Connect,
            id: asking.id,
            time: asking.time,
            front: asking.front,
            region: Arc::clone(&self.region),
            caller: asking.caller,
            chain: asking.chain,
            destination: Destination::catalogued(scheme, authority.clone(), "".into(), service),
            call: Call::tunnel(),
            http: None,
            data: Vec::new(),
        }
    }

    /// Of every call that a request is, or that a message within it is.
    pub(crate) fn intent(
        &self,
        request: &Request<RequestBody>,
        service: Option<&Service>,
        asking: Asking,
        (mut call, data): (Call, Vec<DataFinding>),
    ) -> Intent {
        let path = Arc::clone(&request.path);
        let upgrade = request.upgrade.as_ref();
        call.opaque |= upgrade.is_some_and(|upgrade| upgrade.offer.is_none());
        call.changed = self
            .tools
            .has_changed(&asking.caller.tenant, &request.authority, &call);
        Intent {
            phase: Phase::Request,
            id: asking.id,
            time: asking.time,
            front: asking.front,
            region: Arc::clone(&self.region),
            caller: asking.caller,
            chain: asking.chain,
            destination: Destination::catalogued(
                request.scheme,
                request.authority.clone(),
                path,
                service,
            ),
            call,
            http: Some(HttpPart {
                method: request.method.as_str().into(),
                content_type: media_type(&request.headers).into(),
            }),
            data,
        }
    }
}

impl Described {
    pub(crate) fn view(&self) -> RequestView<'_> {
        let body = match (&self.read, self.reading.truncation) {
            (Some(bytes), _) => BodyView::Whole(bytes),
            (None, Truncation::Whole) => BodyView::Absent,
            (None, Truncation::Parts | Truncation::Truncated) => BodyView::Truncated,
        };
        view_with(&self.request, body)
    }
}

impl DescribedBatch {
    pub(crate) fn view(&self) -> RequestView<'_> {
        view_with(&self.request, BodyView::Whole(&self.read))
    }
}

fn view<'a>(request: &'a Request<RequestBody>, seen: &'a Seen) -> RequestView<'a> {
    let body = match seen {
        Seen::Absent => BodyView::Absent,
        Seen::Whole(bytes) => BodyView::Whole(bytes),
        Seen::Truncated => BodyView::Truncated,
    };
    view_with(request, body)
}

fn view_with<'a>(request: &'a Request<RequestBody>, body: BodyView<'a>) -> RequestView<'a> {
    RequestView {
        method: &request.method,
        authority: &request.authority,
        path: &request.path,
        query: request.query.as_deref(),
        headers: &request.headers,
        opens_websocket: request
            .upgrade
            .as_ref()
            .is_some_and(|it| it.offer.is_some()),
        body,
    }
}

fn uninspectable(error: &InspectError) -> Refusal {
    let cause = match error {
        InspectError::HeaderMismatch { .. } => Cause::HeaderMismatch,
        _ => Cause::Uninspectable,
    };
    Refusal::because(cause, error.rule(), error.to_string())
}

/// The likely dialect of a request that nobody has read yet.
pub(crate) fn guess(request: &Request<Incoming>, service: Option<&Service>) -> Dialect {
    Dialect::guess(service, &request.path, media_type(&request.headers))
}

fn media_type(headers: &HeaderMap) -> &str {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    value
        .and_then(|value| value.split(';').next())
        .map_or("", str::trim)
}
