//! The paths of version 1, with their variables in braces.

/// A scope is written as in the signature of its bundle: `acme,beta@eu-central-1`.
pub const BUNDLE: &str = "/v1/bundles/{scope}";
pub const STATUS: &str = "/v1/status";
pub const LOGS: &str = "/v1/logs";
pub const AUDIT: &str = "/v1/audit";
pub const KEYS: &str = "/v1/keys";
pub const PUBLICATIONS: &str = "/v1/publications";
pub const PUBLICATION: &str = "/v1/publications/{number}";
pub const PROMOTE: &str = "/v1/publications/{number}/promote";
pub const ROLLBACKS: &str = "/v1/rollbacks";
pub const REFUSED: &str = "/v1/refused";
pub const OPENAPI: &str = "/openapi.json";
pub const HEALTH: &str = "/healthz";
pub const READY: &str = "/readyz";
