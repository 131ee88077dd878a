//! The parameters of operations, as `/openapi.json` tells them. Whoever takes one parses it.

pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) is_required: bool,
    pub(crate) kind: Kind,
    pub(crate) meaning: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Time,
}

const INSTANCE: Parameter = Parameter {
    name: aegis_api::DATA_PLANE_HEADER,
    place: Place::Header,
    is_required: false,
    kind: Kind::Text,
    meaning: "which of the data planes that share a principal",
};
pub(crate) const NUMBER: &[Parameter] = &[Parameter {
    name: "number",
    place: Place::Path,
    is_required: true,
    kind: Kind::Number,
    meaning: "of the publication",
}];

const fn query(name: &'static str, kind: Kind, meaning: &'static str) -> Parameter {
    Parameter {
        name,
        place: Place::Query,
        is_required: false,
        kind,
        meaning,
    }
}

const fn header(name: &'static str, is_required: bool, meaning: &'static str) -> Parameter {
    Parameter {
        name,
        place: Place::Header,
        is_required,
        kind: Kind::Text,
        meaning,
    }
}

pub(crate) const BUNDLE: &[Parameter] = &[
    Parameter {
        name: "scope",
        place: Place::Path,
        is_required: true,
        kind: Kind::Text,
        meaning: "tenants and region as in the signature: acme,beta@eu-central-1",
    },
    header("if-none-match", false, "`ETag` of the bundle that is there"),
    header(
        "prefer",
        false,
        "`modes=snapshot;wait=SECONDS`: how long to wait for another one",
    ),
    INSTANCE,
];

pub(crate) const AUDIT: &[Parameter] = &[
    query("tenant", Kind::Text, "exactly"),
    query("agent", Kind::Text, "exactly"),
    query(
        "outcome",
        Kind::Text,
        "allow, deny, sanitize or approval_needed",
    ),
    query("rule", Kind::Text, "id of a rule among the reasons"),
    query("region", Kind::Text, "of the data plane"),
    query("since", Kind::Time, "at this time or later"),
    query("until", Kind::Time, "before this time"),
    query("limit", Kind::Number, "1 to 1,000; 100 if absent"),
    query("cursor", Kind::Text, "`next` of the page before"),
];

pub(crate) const LOGS: &[Parameter] = &[
    header(
        aegis_api::BATCH_HEADER,
        true,
        "names the batch; sent again it is stored once",
    ),
    header("content-encoding", false, "`gzip` or `identity`"),
    INSTANCE,
];

pub(crate) const REPORT: &[Parameter] = &[INSTANCE];

pub(crate) const PUBLICATIONS: &[Parameter] = &[
    query("before", Kind::Number, "only those with smaller numbers"),
    query("limit", Kind::Number, "1 to 100; 20 if absent"),
];
