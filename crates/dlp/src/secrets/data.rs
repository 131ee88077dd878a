//! Keys of databases, of stores of data, and of what moves data between them.

use super::token;
use crate::checks::chance::is_random;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    token(
        "SECRET_PLANETSCALE",
        "PlanetScale documentation, service tokens and passwords",
        &["pscale_tkn_", "pscale_pw_", "pscale_oauth_"],
        r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_=.-]{32,64}",
    ),
    token(
        "SECRET_DATABRICKS",
        "Databricks documentation, personal access tokens",
        &["dapi"],
        r"dapi[a-f0-9]{32}(?:-[0-9]{1,2})?\b",
    ),
    token(
        "SECRET_DATABRICKS",
        "Databricks documentation, OAuth secrets",
        &["dose"],
        r"dose[a-f0-9]{32}\b",
    ),
    token(
        "SECRET_CONFLUENT",
        "Confluent Cloud documentation, API secrets",
        &["cflt"],
        r"cflt[A-Za-z0-9+/]{60}\b",
    ),
    token(
        "SECRET_CLICKHOUSE",
        "ClickHouse Cloud documentation, API keys",
        &["4b1d"],
        r"4b1d[A-Za-z0-9]{38}\b",
    ),
    token(
        "SECRET_NEON",
        "Neon documentation, API keys",
        &["napi_"],
        r"napi_[a-z0-9]{64}\b",
    ),
    token(
        "SECRET_MONGODB",
        "MongoDB Atlas documentation, service accounts",
        &["mdb_sa_sk_", "mdb_sa_id_"],
        r"mdb_sa_(?:sk_[A-Za-z0-9_-]{40}|id_[a-f0-9]{24})\b",
    ),
    token(
        "SECRET_COCKROACHDB",
        "CockroachDB Cloud documentation, API access",
        &["CCDB1_"],
        r"CCDB1_[A-Za-z0-9]{22}_[A-Za-z0-9]{40}\b",
    ),
    token(
        "SECRET_FAUNA",
        "Fauna documentation, secrets",
        &["fnA"],
        r"fnA[A-Za-z0-9_-]{37}\b",
    )
    .check(is_random),
    token(
        "SECRET_XATA",
        "Xata documentation, API keys",
        &["xau_"],
        r"xau_[A-Za-z0-9]{30,44}\b",
    ),
    token(
        "SECRET_ELASTIC",
        "Elastic Cloud documentation, API keys",
        &["essu_"],
        r"essu_[A-Za-z0-9+/]{60,110}={0,2}",
    ),
    token(
        "SECRET_DBT",
        "dbt Cloud documentation, tokens",
        &["dbtc_", "dbtu_"],
        r"dbt[cu]_[A-Za-z0-9_-]{36,44}={0,2}",
    ),
    token(
        "SECRET_AIVEN",
        "Aiven documentation, tokens",
        &["aivenv1", "AVNS_"],
        r"(?:aivenv1[A-Za-z0-9+/]{180,}={0,2}|AVNS_[A-Za-z0-9_-]{16,24})",
    ),
    token(
        "SECRET_AIRTABLE",
        "Airtable documentation, personal access tokens",
        &["pat"],
        r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}\b",
    ),
    token(
        "SECRET_AIRTABLE",
        "Airtable documentation, API keys",
        &["key"],
        r"key[A-Za-z0-9]{14}\b",
    )
    .needs(&["airtable"]),
    token(
        "SECRET_AIRTABLE",
        "Airtable documentation, OAuth access tokens",
        &["oaa"],
        r"oaa[A-Za-z0-9.]{40,}\b",
    )
    .needs(&["airtable"]),
    token(
        "SECRET_CONVEX",
        "Convex documentation, deploy keys",
        &["prod:", "preview:", "dev:"],
        r"(?:prod|preview|dev):[a-z0-9-]{3,40}\|[A-Za-z0-9+/=]{40,}",
    ),
    token(
        "SECRET_SEGMENT",
        "Segment documentation, public API tokens",
        &["sgp_"],
        r"sgp_[A-Za-z0-9_-]{64}\b",
    ),
    token(
        "SECRET_SNOWFLAKE",
        "Snowflake documentation, programmatic access tokens",
        &["ver:1-hint:"],
        r"ver:1-hint:[0-9]{4,20}-ETMs[A-Za-z0-9+/=]{40,}",
    ),
    token(
        "SECRET_APIFY",
        "Apify documentation, API tokens",
        &["apify_api_"],
        r"apify_api_[A-Za-z0-9_-]{34,40}",
    ),
];
