//! The one table of operations: path, who may, what goes in and comes out. The router and `/openapi.json` are both made from it.

use std::sync::Arc;

use aegis_api::{
    AuditPage, JwkSet, LogReceipt, Overview, Promotion, PublicationDetail, PublicationList,
    Publish, RefusedAccesses, Rollback, StatusReport, paths,
};
use axum::routing::{MethodFilter, MethodRouter, on};
use http::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use crate::parameters::{AUDIT, BUNDLE, LOGS, NUMBER, PUBLICATIONS, Parameter, REPORT};
use crate::plane::Plane;
use crate::principals::RoleName;
use crate::{audit, bundles, logs, meta, publications, status};

/// What somebody may ask for.
pub(crate) struct Operation {
    /// `operationId`.
    pub(crate) id: &'static str,
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) access: Access,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) body: Option<SchemaOf>,
    pub(crate) answer: Answer,
    pub(crate) handler: fn(MethodFilter) -> MethodRouter<Arc<Plane>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
}

/// Who may. There is no operation without it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Access {
    Open,
    Only(&'static [RoleName]),
}

pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

pub(crate) enum Answer {
    Json(StatusCode, SchemaOf),
    Nothing(StatusCode),
    /// A signed archive, or 304.
    Bundle,
    Text,
    OpenApi,
}

pub(crate) static OPERATIONS: &[Operation] = &[
    Operation {
        id: bundles::GET,
        method: Method::Get,
        path: paths::BUNDLE,
        summary: "the signed bundle of a data plane's own scope (OPA's bundle API)",
        access: DATA_PLANE,
        parameters: BUNDLE,
        body: None,
        answer: Answer::Bundle,
        handler: |filter| on(filter, bundles::get),
    },
    Operation {
        id: "reportStatus",
        method: Method::Post,
        path: paths::STATUS,
        summary: "what a data plane has in force (OPA's status API)",
        access: DATA_PLANE,
        parameters: REPORT,
        body: Some(schema::<StatusReport>),
        answer: Answer::Nothing(StatusCode::NO_CONTENT),
        handler: |filter| on(filter, status::report),
    },
    Operation {
        id: logs::TAKE,
        method: Method::Post,
        path: paths::LOGS,
        summary: "a batch of lines of a data plane's audit log (OPA's decision log API)",
        access: DATA_PLANE,
        parameters: LOGS,
        body: Some(schema::<Vec<serde_json::Map<String, Value>>>),
        answer: Answer::Json(StatusCode::OK, schema::<LogReceipt>),
        handler: |filter| on(filter, logs::take),
    },
    Operation {
        id: audit::QUERY,
        method: Method::Get,
        path: paths::AUDIT,
        summary: "decisions of the auditor's tenants, the newest first",
        access: AUDITOR,
        parameters: AUDIT,
        body: None,
        answer: Answer::Json(StatusCode::OK, schema::<AuditPage>),
        handler: |filter| on(filter, audit::query),
    },
    Operation {
        id: "listRefused",
        method: Method::Get,
        path: paths::REFUSED,
        summary: "what known callers asked for and may not have",
        access: OPERATOR,
        parameters: &[],
        body: None,
        answer: Answer::Json(StatusCode::OK, schema::<RefusedAccesses>),
        handler: |filter| on(filter, audit::refused),
    },
    Operation {
        id: "getStatus",
        method: Method::Get,
        path: paths::STATUS,
        summary: "what is served to whom, and what data planes said last",
        access: CHANGERS,
        parameters: &[],
        body: None,
        answer: Answer::Json(StatusCode::OK, schema::<Overview>),
        handler: |filter| on(filter, status::overview),
    },
    Operation {
        id: "publish",
        method: Method::Post,
        path: paths::PUBLICATIONS,
        summary: "compile, test, sign and serve policy sources",
        access: PUBLISHER,
        parameters: &[],
        body: Some(schema::<Publish>),
        answer: Answer::Json(StatusCode::CREATED, schema::<PublicationDetail>),
        handler: |filter| on(filter, publications::create),
    },
    Operation {
        id: "listPublications",
        method: Method::Get,
        path: paths::PUBLICATIONS,
        summary: "publications, the newest first",
        access: CHANGERS,
        parameters: PUBLICATIONS,
        body: None,
        answer: Answer::Json(StatusCode::OK, schema::<PublicationList>),
        handler: |filter| on(filter, publications::list),
    },
    Operation {
        id: "getPublication",
        method: Method::Get,
        path: paths::PUBLICATION,
        summary: "a publication with its sources, its changes and its bundles",
        access: CHANGERS,
        parameters: NUMBER,
        body: None,
        answer: Answer::Json(StatusCode::OK, schema::<PublicationDetail>),
        handler: |filter| on(filter, publications::get),
    },
    Operation {
        id: "promote",
        method: Method::Post,
        path: paths::PROMOTE,
        summary: "take a canary to more data planes, or to all",
        access: CHANGERS,
        parameters: NUMBER,
        body: Some(schema::<Promotion>),
        answer: Answer::Json(StatusCode::OK, schema::<PublicationDetail>),
        handler: |filter| on(filter, publications::promote),
    },
    Operation {
        id: "rollBack",
        method: Method::Post,
        path: paths::ROLLBACKS,
        summary: "publish the contents of an older publication again, to all",
        access: CHANGERS,
        parameters: &[],
        body: Some(schema::<Rollback>),
        answer: Answer::Json(StatusCode::CREATED, schema::<PublicationDetail>),
        handler: |filter| on(filter, publications::roll_back),
    },
    Operation {
        id: "listKeys",
        method: Method::Get,
        path: paths::KEYS,
        summary: "the public keys by which bundles are signed (RFC 7517)",
        access: Access::Open,
        parameters: &[],
        body: None,
        answer: Answer::Json(StatusCode::OK, schema::<JwkSet>),
        handler: |filter| on(filter, meta::keys),
    },
    Operation {
        id: "getOpenApi",
        method: Method::Get,
        path: paths::OPENAPI,
        summary: "this document",
        access: Access::Open,
        parameters: &[],
        body: None,
        answer: Answer::OpenApi,
        handler: |filter| on(filter, meta::document),
    },
    Operation {
        id: "getHealth",
        method: Method::Get,
        path: paths::HEALTH,
        summary: "whether the process answers",
        access: Access::Open,
        parameters: &[],
        body: None,
        answer: Answer::Text,
        handler: |filter| on(filter, meta::health),
    },
    Operation {
        id: "getReadiness",
        method: Method::Get,
        path: paths::READY,
        summary: "whether bundles are served",
        access: Access::Open,
        parameters: &[],
        body: None,
        answer: Answer::Text,
        handler: |filter| on(filter, meta::ready),
    },
];

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

const DATA_PLANE: Access = Access::Only(&[RoleName::DataPlane]);
const PUBLISHER: Access = Access::Only(&[RoleName::Publisher]);
const CHANGERS: Access = Access::Only(&[RoleName::Publisher, RoleName::Operator]);
const OPERATOR: Access = Access::Only(&[RoleName::Operator]);
const AUDITOR: Access = Access::Only(&[RoleName::Auditor]);
