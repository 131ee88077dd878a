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
use crate::request::{Head, Request};
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
pub(crate) enum Understood {
    One(Box<Described>),
    Batch(Box<DescribedBatch>),
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
        let service = policy.catalogue().service(&request.head.authority);
        let dialect = guess(&request.head, service);
        let read = if grpc::is_call(&request.head.method, &request.head.headers, service) {
            Ok(unread(request, traffic))
        } else {
            self.read(request, traffic).await
        };
        let (request, seen) = match read {
            Ok(read) => read,
            Err(refusal) => return Err((refusal, dialect)),
        };
        let heard =
            self.heard(|scanner, most| Texts::of(&view(&request.head, &seen), scanner, most));
        let heard = heard.await.map_err(|refusal| (refusal, dialect.clone()))?;
        let finder = Finder {
            scanner: policy.scanner(),
            heard: &heard,
        };
        let view = view(&request.head, &seen);
        let inspected = aegis_protocol::inspect(&view, service, finder);
        if let (Err(InspectError::Batch), Seen::Whole(read)) = (&inspected, &seen) {
            let batch = Batch::inspect(&view, service, finder);
            let batch = batch.map_err(|error| (uninspectable(&error), dialect))?;
            let read = read.clone();
            let messages = batch.messages().iter();
            let unasked =
                messages.map(|message| self.unasked(&message.reading, &asking, &request.head));
            return Ok(Understood::Batch(Box::new(DescribedBatch {
                unasked: unasked.collect(),
                batch,
                asking,
                request,
                read,
                heard,
            })));
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
        let unasked = self.unasked(&reading, &asking, &request.head);
        let intent = self.intent(&request.head, service, asking, (call, data));
        let read = seen.whole();
        Ok(Understood::One(Box::new(Described {
            intent,
            reading,
            request,
            read,
            heard,
            unasked,
        })))
    }

    fn unasked(&self, reading: &Reading, asking: &Asking, head: &Head) -> Option<Refusal> {
        reading.answers()?;
        let session = mcp::session(&head.headers);
        let dialogue = self.dialogues.of(&asking.caller, &head.authority, session);
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
        let head = &described.request.head;
        let service = policy.catalogue().service(&head.authority);
        let said = (message.call.clone(), message.data.clone());
        self.intent(head, service, asking, said)
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
        head: &Head,
        service: Option<&Service>,
        asking: Asking,
        (mut call, data): (Call, Vec<DataFinding>),
    ) -> Intent {
        let path = Arc::clone(&head.path);
        let upgrade = head.upgrade.as_ref();
        call.opaque |= upgrade.is_some_and(|upgrade| upgrade.offer.is_none());
        call.changed = self
            .tools
            .has_changed(&asking.caller.tenant, &head.authority, &call);
        Intent {
            phase: Phase::Request,
            id: asking.id,
            time: asking.time,
            front: asking.front,
            region: Arc::clone(&self.region),
            caller: asking.caller,
            chain: asking.chain,
            destination: Destination::catalogued(
                head.scheme,
                head.authority.clone(),
                path,
                service,
            ),
            call,
            http: Some(HttpPart {
                method: head.method.as_str().into(),
                content_type: media_type(&head.headers).into(),
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
        view_with(&self.request.head, body)
    }
}

impl DescribedBatch {
    /// Each message, and why it may not go if it answers a server that has not asked.
    pub(crate) fn messages(&self) -> impl Iterator<Item = (&Inspected, &Option<Refusal>)> {
        self.batch.messages().iter().zip(&self.unasked)
    }

    pub(crate) fn view(&self) -> RequestView<'_> {
        view_with(&self.request.head, BodyView::Whole(&self.read))
    }
}

fn view<'a>(head: &'a Head, seen: &'a Seen) -> RequestView<'a> {
    let body = match seen {
        Seen::Absent => BodyView::Absent,
        Seen::Whole(bytes) => BodyView::Whole(bytes),
        Seen::Truncated => BodyView::Truncated,
    };
    view_with(head, body)
}

fn view_with<'a>(head: &'a Head, body: BodyView<'a>) -> RequestView<'a> {
    RequestView {
        method: &head.method,
        authority: &head.authority,
        path: &head.path,
        query: head.query.as_deref(),
        headers: &head.headers,
        opens_websocket: head.upgrade.as_ref().is_some_and(|it| it.offer.is_some()),
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
pub(crate) fn guess(head: &Head, service: Option<&Service>) -> Dialect {
    Dialect::guess(service, &head.path, media_type(&head.headers))
}

fn media_type(headers: &HeaderMap) -> &str {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    value
        .and_then(|value| value.split(';').next())
        .map_or("", str::trim)
}
