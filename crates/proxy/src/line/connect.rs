//! The line of a CONNECT: judged by its names; what comes through it is judged again, request by request.

use std::sync::Arc;

use aegis_policy::{Authority, Scheme};
use http::{HeaderMap, Method};
use hyper::body::Incoming;

use super::{Arrived, InForce, Refused, identify, proven_or_known, undrained};
use crate::describe::Asking;
use crate::plane::Plane;
use crate::record::{Ending, Record};
use crate::refusal::{Cause, Refusal};
use crate::request::{Channel, Inside, connect_authority};
use crate::tunnel::Opened;
use crate::wire::Said;

pub(super) async fn open_tunnel(
    plane: &Plane,
    channel: &Channel,
    mut request: http::Request<Incoming>,
    policy: InForce,
    record: &mut Record,
) -> Result<Arrived, Refused> {
    let client = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    let caller = identify(plane, channel, &parts.headers, record);
    let authority = connect_authority(&parts)?;
    record.addressed(Scheme::Https, &authority, &"".into());
    let caller = caller?;
    let policy = undrained(plane, policy)?;
    proven_or_known(&caller, channel.connection.front, &policy)?;
    let asking = Asking::new(record, caller.clone(), channel.connection.front);
    let intent = plane
        .describer
        .tunnel(&authority, Scheme::Https, asking, &policy);
    let grant = plane.gate.authorize_tunnel(intent, &policy, record).await?;
    let opened = if grant.passthrough() {
        let target = plane.router.resolve(&grant).await?;
        record.resolved();
        let (upstream, via) = plane.exchange.dialer.dial_blind(&target).await?;
        record.connected(via, target.region());
        Opened::Blind {
            upstream,
            host: authority.host().clone(),
        }
    } else {
        let id = Arc::clone(record.id());
        Opened::Intercepted(Inside {
            id,
            authority,
            scheme: Scheme::Https,
            caller,
            revoked: Said::default(),
        })
    };
    Ok(Arrived::Tunnel {
        client,
        opened,
        lease: plane.gate.lease(&grant),
    })
}

/// Judges a tunnel again under the name that its client asked for in the TLS greeting.
pub(crate) async fn judge_renamed(
    plane: &Plane,
    channel: &Channel,
    inside: Inside,
    authority: Authority,
) -> Option<Inside> {
    let (method, headers) = (Method::CONNECT, HeaderMap::new());
    let policy = plane.activation.in_force();
    let known = policy.as_deref().ok();
    let mut record = Record::begin(plane, channel, &method, &headers, known);
    record.addressed(inside.scheme, &authority, &"".into());
    record.identified(&inside.caller);
    let asking = Asking::new(&record, inside.caller.clone(), channel.connection.front);
    let judged = async {
        let policy = undrained(plane, policy)?;
        let intent = plane
            .describer
            .tunnel(&authority, inside.scheme, asking, &policy);
        let grant = plane
            .gate
            .authorize_tunnel(intent, &policy, &mut record)
            .await?;
        // A blind tunnel was not asked for, and its target has not been dialled.
        if grant.passthrough() {
            Err(Refusal::new(Cause::NameDisagreement))
        } else {
            Ok(())
        }
    };
    match judged.await {
        Ok(()) => {
            record.end(Ending::Forwarded);
            Some(Inside {
                id: Arc::clone(record.id()),
                authority,
                ..inside
            })
        }
        Err(refusal) => {
            // The handshake ends; there is nobody to tell in HTTP.
            record.refused(&refusal, None).await;
            None
        }
    }
}
