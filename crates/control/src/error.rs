//! Every way in which a request can fail, with its status and its stable code, in one table. Repeats nothing of a request but names.

use std::borrow::Cow;

use aegis_api::{Latest, Mistake, PROBLEM_TYPE, Problem, VERSION};
use aegis_bundle::BundleError;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::store::StoreError;

#[derive(Debug)]
pub(crate) enum Fault {
    Malformed(Cow<'static, str>),
    Invalid(Cow<'static, str>),
    TooLarge {
        limit: usize,
    },
    TooSlow,
    Encoding,
    Unauthenticated,
    /// The caller's role has not got this operation.
    Role,
    /// Not the scope of this data plane.
    Scope,
    /// Not a tenant of this caller.
    Tenant,
    NoPath,
    NoVersion,
    NoMethod,
    NoBundle,
    NoPublication,
    Outdated(Latest),
    NoDataPlanes,
    CanaryRunning,
    NotInCanary,
    NotWider,
    Mistakes(Vec<Mistake>),
    Unusable(BundleError),
    Busy,
    Stopping,
    Store(StoreError),
    Internal(&'static str),
}

impl Fault {
    pub(crate) fn code(&self) -> &'static str {
        self.entry().1
    }

    fn entry(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "request.malformed"),
            Self::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "request.invalid"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "request.too_large"),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "request.timeout"),
            Self::Encoding => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "request.encoding"),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "auth.unauthenticated"),
            Self::Role => (StatusCode::FORBIDDEN, "auth.role"),
            Self::Scope => (StatusCode::FORBIDDEN, "auth.scope"),
            Self::Tenant => (StatusCode::FORBIDDEN, "auth.tenant"),
            Self::NoPath => (StatusCode::NOT_FOUND, "path.unknown"),
            Self::NoVersion => (StatusCode::NOT_FOUND, "version.unknown"),
            Self::NoMethod => (StatusCode::METHOD_NOT_ALLOWED, "method.not_allowed"),
            Self::NoBundle => (StatusCode::NOT_FOUND, "bundle.none"),
            Self::NoPublication => (StatusCode::NOT_FOUND, "publication.unknown"),
            Self::Outdated(_) => (StatusCode::CONFLICT, "publication.outdated"),
            Self::NoDataPlanes => (StatusCode::CONFLICT, "publication.no_data_planes"),
            Self::CanaryRunning => (StatusCode::CONFLICT, "rollout.canary_running"),
            Self::NotInCanary => (StatusCode::CONFLICT, "rollout.not_in_canary"),
            Self::NotWider => (StatusCode::UNPROCESSABLE_ENTITY, "rollout.not_wider"),
            Self::Mistakes(_) => (StatusCode::UNPROCESSABLE_ENTITY, "publication.mistakes"),
            Self::Unusable(_) => (StatusCode::UNPROCESSABLE_ENTITY, "publication.unusable"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "store.busy"),
            Self::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
            Self::Store(_) => (StatusCode::SERVICE_UNAVAILABLE, "store.unavailable"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    pub(crate) fn detail(&self) -> Cow<'static, str> {
        match self {
            Self::Malformed(detail) | Self::Invalid(detail) => detail.clone(),
            Self::TooLarge { limit } => format!("the request is larger than {limit} bytes").into(),
            Self::TooSlow => "the body did not come in time".into(),
            Self::Encoding => "only `gzip` and `identity` are understood".into(),
            Self::Unauthenticated => "no known token or client certificate was shown".into(),
            Self::Role => "this is not for the caller's role".into(),
            Self::Scope => "this is not the scope of this data plane".into(),
            Self::Tenant => "the caller may not see or speak for this tenant".into(),
            Self::NoPath => "there is nothing at this path; see /openapi.json".into(),
            Self::NoVersion => format!("this API has the versions {VERSION}").into(),
            Self::NoMethod => "the path has other methods; see /openapi.json".into(),
            Self::NoBundle => "nothing has been published for this scope yet".into(),
            Self::NoPublication => "there is no publication of this number".into(),
            Self::Outdated(latest) => format!(
                "{} has published number {} meanwhile; look at it and publish again on that base",
                latest.author, latest.number
            )
            .into(),
            Self::NoDataPlanes => {
                "no data plane is configured, so there is no scope to compile for".into()
            }
            Self::CanaryRunning => {
                "another publication is in its canary; promote it or roll it back first".into()
            }
            Self::NotInCanary => "this publication is not in a canary".into(),
            Self::NotWider => {
                "a canary can only grow: to a greater percentage, or from anything to all".into()
            }
            Self::Mistakes(mistakes) => {
                format!("the sources have {} mistakes", mistakes.len()).into()
            }
            Self::Unusable(error) => {
                format!("what the sources compile to is no good bundle: {error}").into()
            }
            Self::Busy => "other writers were faster each time; try again".into(),
            Self::Stopping => "the control plane is stopping".into(),
            Self::Store(_) => {
                "the database cannot be used; nothing was changed, see the control plane's log"
                    .into()
            }
            Self::Internal(what) => (*what).into(),
        }
    }

    fn problem(self) -> Problem {
        let (status, code) = self.entry();
        let detail = self.detail().into_owned();
        let mut problem = Problem {
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            status: status.as_u16(),
            detail,
            code: code.to_owned(),
            latest: None,
            mistakes: Vec::new(),
            versions: Vec::new(),
        };
        match self {
            Self::Outdated(latest) => problem.latest = Some(latest),
            Self::Mistakes(mistakes) => problem.mistakes = mistakes,
            Self::NoVersion => problem.versions = vec![VERSION.to_owned()],
            _ => {}
        }
        problem
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        // For the operator; the caller is told what it means for the request.
        let cause = match &self {
            Self::Store(error) => Some(error.to_string()),
            Self::Internal(what) => Some((*what).to_owned()),
            _ => None,
        };
        if let Some(cause) = cause {
            tracing::error!(cause, code = self.code(), "a request failed");
        }
        let status = self.entry().0;
        let challenge = matches!(self, Self::Unauthenticated);
        let body = serde_json::to_vec(&self.problem()).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_TYPE));
        if challenge {
            let bearer = HeaderValue::from_static("Bearer");
            headers.insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Busy,
            error => Self::Store(error),
        }
    }
}
