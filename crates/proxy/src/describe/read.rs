//! As much of a request's body as may be read before it is judged. It understands nothing of it.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::{Describer, coding};
use crate::body::{RequestBody, Traffic};
use crate::budget::Share;
use crate::refusal::{Cause, Refusal};
use crate::request::Request;

/// What of a body has been read.
pub(super) enum Seen {
    Absent,
    Whole(Bytes),
    Truncated,
}

impl Seen {
    pub(super) fn whole(self) -> Option<Bytes> {
        match self {
            Self::Whole(bytes) => Some(bytes),
            Self::Absent | Self::Truncated => None,
        }
    }
}

impl Describer {
    pub(super) async fn read(
        &self,
        request: Request<Incoming>,
        traffic: Arc<Traffic>,
    ) -> Result<(Request<RequestBody>, Seen), Refusal> {
        let Request { mut head, body } = request;
        let limit = self.body_limit;
        let reading = read_up_to(body, limit, self.budget.share(), traffic);
        let (mut body, mut seen) = tokio::time::timeout(self.body_time, reading)
            .await
            .map_err(|_| Refusal::new(Cause::BodyStalled))??;
        if head.service.is_some() {
            body = body.without_trailers();
        }
        // What is judged is what is sent: no server can decode it to something else.
        if let Seen::Whole(sent) = &mut seen
            && !body.has_trailers()
            && let Some(decoded) = coding::decoded(&mut head.headers, sent, limit)
        {
            let mut share = self.budget.share();
            share.take(decoded.len())?;
            body.replace(decoded.clone());
            body = body.kept_in(share.into_room());
            *sent = decoded;
        }
        Ok((Request { head, body }, seen))
    }
}

/// A call that may go on for as long as its messages do is not waited for.
pub(super) fn unread(
    request: Request<Incoming>,
    traffic: Arc<Traffic>,
) -> (Request<RequestBody>, Seen) {
    traffic.count_grpc();
    let Request { head, body } = request;
    let mut body = RequestBody::begun(Bytes::new(), body, traffic);
    if head.service.is_some() {
        body = body.without_trailers();
    }
    (Request { head, body }, Seen::Truncated)
}

async fn read_up_to(
    mut body: Incoming,
    limit: usize,
    mut share: Share,
    traffic: Arc<Traffic>,
) -> Result<(RequestBody, Seen), Refusal> {
    if body.is_end_stream() {
        return Ok((
            RequestBody::whole(Bytes::new(), None, traffic),
            Seen::Absent,
        ));
    }
    // A body that says that it is too long need not be waited for.
    if body.size_hint().lower() > limit as u64 {
        return Ok((
            RequestBody::begun(Bytes::new(), body, traffic),
            Seen::Truncated,
        ));
    }
    let mut parts = Gathered::default();
    let mut trailers = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::new(Cause::BodyBroken))?;
        traffic.came(&frame);
        match frame.into_data() {
            Ok(data) => {
                share.take(data.len())?;
                parts.push(data);
            }
            Err(frame) => trailers = frame.into_trailers().ok(),
        }
        if parts.len() > limit {
            return Ok((
                RequestBody::begun(parts.join(), body, traffic).kept_in(share.into_room()),
                Seen::Truncated,
            ));
        }
    }
    let whole = parts.join();
    Ok((
        RequestBody::whole(whole.clone(), trailers, traffic).kept_in(share.into_room()),
        Seen::Whole(whole),
    ))
}

/// Most bodies arrive in one piece and are then not copied.
#[derive(Default)]
struct Gathered {
    first: Bytes,
    more: BytesMut,
}

impl Gathered {
    fn push(&mut self, data: Bytes) {
        if self.len() == 0 {
            self.first = data;
            return;
        }
        if self.more.is_empty() {
            self.more.extend_from_slice(&self.first);
        }
        self.more.extend_from_slice(&data);
    }

    fn len(&self) -> usize {
        self.first.len().max(self.more.len())
    }

    fn join(self) -> Bytes {
        if self.more.is_empty() {
            self.first
        } else {
            self.more.freeze()
        }
    }
}
