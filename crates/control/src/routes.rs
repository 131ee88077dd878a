//! The router: every operation of the table behind its gate. Knows no operation by itself.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::MethodFilter;
use http::Uri;

use crate::error::Fault;
use crate::operations::{Access, Method, OPERATIONS};
use crate::plane::Plane;
use crate::principals::{Caller, RoleName};
use crate::store::StoreError;

/// What the listener knows of the connection: SHA-256 of the client's certificate.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PeerCertificate(pub(crate) Option<[u8; 32]>);

pub(crate) fn router(plane: &Arc<Plane>) -> Router {
    let mut router = Router::new();
    for operation in OPERATIONS {
        let filter = match operation.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
        };
        let mut route = (operation.handler)(filter);
        if let Access::Only(roles) = operation.access {
            let gate = Gate {
                plane: Arc::clone(plane),
                operation: operation.id,
                roles,
            };
            route = route.route_layer(from_fn_with_state(gate, authorise));
        }
        router = router.route(operation.path, route);
    }
    router
        .fallback(async |uri: Uri| not_found(&uri))
        .method_not_allowed_fallback(async || Fault::NoMethod)
        .with_state(Arc::clone(plane))
}

/// Records that a known caller asked for what it may not have. It is refused even if that fails.
pub(crate) async fn refuse(
    plane: &Plane,
    caller: &Caller,
    operation: &str,
    target: &str,
    fault: Fault,
) -> Fault {
    let (principal, code) = (caller.name(), fault.code());
    tracing::warn!(principal, operation, target, code, "refused");
    let mut target = target.to_owned();
    target.truncate(target.floor_char_boundary(LONGEST_TARGET));
    let counted = plane
        .store
        .count_refused(principal, operation, &target, code);
    counted.await.unwrap_or_else(|error| not_recorded(&error));
    fault
}

fn not_recorded(error: &StoreError) {
    tracing::error!(%error, "a refused access could not be recorded");
}

#[derive(Clone)]
struct Gate {
    plane: Arc<Plane>,
    operation: &'static str,
    roles: &'static [RoleName],
}

/// Nothing of a request but its head is read before this lets it through.
async fn authorise(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let certificate = request.extensions().get::<PeerCertificate>();
    let certificate = certificate.and_then(|certificate| certificate.0);
    let identified = gate
        .plane
        .principals
        .identify(request.headers(), certificate.as_ref());
    let caller = match identified {
        Ok(caller) => caller,
        Err(fault) => {
            tracing::info!(
                operation = gate.operation,
                code = fault.code(),
                "not let in"
            );
            return fault.into_response();
        }
    };
    if !gate.roles.contains(&caller.role()) {
        let fault = refuse(&gate.plane, &caller, gate.operation, "", Fault::Role).await;
        return fault.into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

fn not_found(uri: &Uri) -> Fault {
    let first = uri.path().split('/').nth(1).unwrap_or_default();
    let digits = first.strip_prefix('v').unwrap_or_default();
    let is_version = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_version && first != aegis_api::VERSION {
        return Fault::NoVersion;
    }
    Fault::NoPath
}

const LONGEST_TARGET: usize = 200;
