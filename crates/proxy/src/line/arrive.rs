//! The end of the line: what came back is handed to whatever carries it to the agent. It judges nothing.

use std::sync::Arc;

use aegis_policy::{Intent, Outcome};
use http::{Response, StatusCode};

use super::Arrived;
use crate::answer::{Following, Searching};
use crate::body::AnswerBody;
use crate::exchange::{Speaks, Switched};
use crate::lease::Lease;
use crate::plane::Plane;
use crate::record::{Ending, Record};
use crate::relay::Relayed;
use crate::request::Channel;
use crate::tunnel;
use crate::websocket;

pub(super) fn arrive(
    plane: &Arc<Plane>,
    channel: &Channel,
    arrived: Arrived,
    mut record: Record,
) -> Response<AnswerBody> {
    let stamp = record.stamp();
    match arrived {
        Arrived::Answer {
            response,
            keep,
            outcome,
            lease,
        } => {
            let (mut parts, body) = response.into_parts();
            record.answered(parts.status.as_u16());
            if let Some(grpc) = record.traffic().grpc() {
                grpc.ended(&parts.headers);
            }
            stamp.mark(&mut parts.headers, outcome);
            channel.carried.add(&lease);
            let body = Relayed::new(body, record, keep, lease);
            Response::from_parts(parts, AnswerBody::Relayed(Box::new(body)))
        }
        Arrived::Switched {
            mut switched,
            outcome,
            handshake,
            following,
            searching,
            lease,
        } => {
            stamp.mark(switched.response.headers_mut(), outcome);
            record.answered(switched.response.status().as_u16());
            let asked = (handshake, following, searching);
            switch(plane, switched, asked, (record, lease)).map(|()| AnswerBody::empty())
        }
        Arrived::Tunnel {
            client,
            opened,
            lease,
        } => {
            record.answered(StatusCode::OK.as_u16());
            let mut response = Response::new(AnswerBody::empty());
            stamp.mark(response.headers_mut(), Outcome::Allow);
            let channel = channel.clone();
            plane.drain.spawn(tunnel::run(
                Arc::clone(plane),
                channel,
                client,
                opened,
                record,
                lease,
            ));
            response
        }
        Arrived::Own(mut response) => {
            record.answered(response.status().as_u16());
            stamp.mark(response.headers_mut(), Outcome::Allow);
            record.end(Ending::Answered);
            response.map(AnswerBody::whole)
        }
    }
}

/// Two ends that no longer speak HTTP are joined: message by message where they can be read.
fn switch(
    plane: &Arc<Plane>,
    switched: Switched,
    (handshake, following, searching): (Arc<Intent>, Option<Following>, Option<Searching>),
    (record, lease): (Record, Lease),
) -> Response<()> {
    let Switched {
        response,
        client,
        upstream,
        to,
    } = switched;
    match to {
        Speaks::Unknown => {
            let linger = plane.limits.idle_timeout;
            let joined = tunnel::join(client, upstream, record, lease, linger);
            plane.drain.spawn(joined);
        }
        Speaks::WebSocket(agreed) => {
            let opened = websocket::Opened {
                client,
                upstream,
                agreed,
                handshake,
                following,
                cleaner: searching.map(Searching::into_cleaner),
            };
            let open = websocket::run(Arc::clone(plane), opened, record, lease);
            plane.drain.spawn(open);
        }
    }
    response
}
