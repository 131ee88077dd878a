//! An answer that may tell a stored generation, on a host of which nobody knows. What is none passes as it came.

use aegis_protocol::answer::{Claim, Framing};
use aegis_protocol::{Stored, is_identity};
use bytes::BytesMut;
use http::{HeaderMap, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::begun::Begun;
use super::proposals::refusal_of;
use super::{Generation, Judge, LIMITS, Searching, Source, compressed, searched};
use crate::lease::Lease;
use crate::record::Record;
use crate::refusal::{Cause, Refusal};

pub(super) async fn follow(
    stored: Box<Stored>,
    response: Response<Incoming>,
    judge: Judge,
    searching: Option<Searching>,
    record: &mut Record,
    lease: &mut Lease,
) -> Result<Response<Source>, Refusal> {
    if !response.status().is_success() {
        return searched::follow(response.map(Begun::from), searching, record, lease).await;
    }
    let (parts, upstream) = response.into_parts();
    let api = stored.api;
    let followed = async {
        if !is_identity(&parts.headers) {
            return Err(compressed());
        }
        let (claim, body) = tokio::select! {
            biased;
            () = lease.revoked() => Err(Refusal::new(Cause::Revoked)),
            read = read(&stored, &parts.headers, upstream) => read,
        }?;
        let response = Response::from_parts(parts, body);
        let Claim::Generation(framing) = claim else {
            return searched::follow(response, searching, record, lease).await;
        };
        let generation = Generation {
            api,
            framing,
            streams: framing != Framing::Document,
            resumes: stored.resumes,
            is_declared: false,
        };
        let follow = generation.follow(response, judge, searching, record, lease);
        follow.await.map_err(|refusal| refusal.told_in(api))
    };
    followed.await
}

/// As much as it takes to know what it is.
async fn read(
    stored: &Stored,
    headers: &HeaderMap,
    mut upstream: Incoming,
) -> Result<(Claim, Begun), Refusal> {
    let (mut read, mut trailers, mut ended) = (BytesMut::new(), None, false);
    loop {
        let claim = stored.claim(headers, &read, ended, LIMITS.hold_bytes);
        let claim = claim.map_err(|error| refusal_of(error).told_in(stored.api))?;
        if claim != Claim::Open {
            return Ok((claim, Begun::new(read.freeze(), trailers, upstream)));
        }
        match upstream.frame().await {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => read.extend_from_slice(&data),
                Err(frame) => trailers = frame.into_trailers().ok(),
            },
            Some(Err(_)) => return Err(Refusal::new(Cause::UpstreamBroken)),
            None => ended = true,
        }
    }
}
