//! What clients send to say who they are: headers, command lines, files of logins.

use super::is_filled;
use super::keys::is_token_header;
use crate::checks::base64::decode;
use crate::checks::chance::{is_mixed, is_random};
use crate::checks::passwords::{is_login, is_password};
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::named(
        "SECRET_AUTHORIZATION",
        "RFC 6750 2.1, bearer tokens",
        &["Bearer"],
        r"(?: |%20|\+)+(?:[\x22'] *)?",
        r"[A-Za-z0-9][A-Za-z0-9._~+/-]{11,}={0,2}",
    )
    .check(is_credential)
    .weak(),
    Rule::named(
        "SECRET_AUTHORIZATION",
        "RFC 7617 2, basic authentication",
        &["Basic"],
        r"(?: |%20)+(?:[\x22'] *)?",
        r"[A-Za-z0-9+/]{8,}={0,2}",
    )
    .check(is_basic),
    Rule::named(
        "SECRET_AUTHORIZATION",
        "RFC 9110 11.6.2, other schemes",
        &["Authorization"],
        TO_CREDENTIAL,
        r"[A-Za-z0-9][A-Za-z0-9._~+/-]{15,}={0,2}",
    )
    .check(is_credential)
    .weak(),
    Rule::led(
        "SECRET_CURL_USER",
        "curl manual, --user",
        &["-u", "--user", "--proxy-user"],
        TO_LOGIN,
        r"[^\s\x22'/$<{][^\s\x22']{2,}",
    )
    .needs(CURL)
    .check(is_login),
    Rule::named(
        "SECRET_NETRC",
        "GNU inetutils manual, .netrc",
        &["password"],
        r"\s+",
        r"[^\s\x22']{4,}",
    )
    .needs(&["machine", "login"])
    .check(is_password)
    .weak(),
    Rule::named(
        "SECRET_DOCKER_AUTH",
        "Docker documentation, config.json: auths",
        &["auth"],
        r"[\x22'] ?: ?[\x22']",
        r"[A-Za-z0-9+/]{8,}={0,2}",
    )
    .check(is_basic),
    Rule::named(
        "SECRET_NPM",
        "npm documentation, .npmrc",
        &["_auth"],
        r" ?= ?[\x22']?",
        r"[A-Za-z0-9+/]{8,}={0,2}",
    )
    .check(is_basic),
    Rule::named(
        "SECRET_COOKIE",
        "RFC 6265 4.2, sessions in cookies",
        SESSIONS,
        r"=",
        r"[A-Za-z0-9%._-]{24,}",
    )
    .needs(&["cookie"])
    .check(is_random)
    .weak(),
    Rule::named(
        "SECRET_KUBERNETES",
        "Kubernetes documentation, secrets",
        &["data:", "stringData:"],
        TO_ENTRY,
        r"[A-Za-z0-9+/_.@!#%^&*-]{8,}={0,2}",
    )
    .needs(&["kind: secret", "type: opaque", "opaque"])
    .check(is_value),
];

/// Decodes to a name, a colon, and text that can be read.
fn is_basic(value: &[u8]) -> bool {
    let text = decode(value).unwrap_or_default();
    let colon = text.iter().position(|byte| *byte == b':');
    let rest = colon.and_then(|at| text.get(at + 1..)).unwrap_or_default();
    let readable = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    rest.len() >= 2 && text.iter().all(readable) || value.len() >= 24 && is_random(value)
}

fn is_value(value: &[u8]) -> bool {
    let padded = value.ends_with(b"=");
    (padded || is_random(value) || is_password(value)) && is_filled(value)
}

fn is_credential(value: &[u8]) -> bool {
    is_mixed(value) && !is_token_header(value)
}

/// Between the name of the header and what is no scheme any more.
const TO_CREDENTIAL: &str = concat!(
    r"(?i)[\x22'\]]{0,3} ?[:=,>]+\s*[\x22']? *",
    r"(?:(?:[a-z]+-)*(?:auth-key|api-?key|key|token)",
    r"|geniekey|accesskey|ssws|bot|oauth|jwt|splunk|snowflake)?",
    r"[ =:\x22']*"
);
/// The option and the name of the user.
const TO_LOGIN: &str = r"(?:-u|--user|--proxy-user)(?: +|=)[\x22']?[^\s\x22':/$]{0,40}:";
/// The name of the first entry.
const TO_ENTRY: &str = concat!(
    r"\s*\n(?:\s*#[^\n]*\n)?",
    r"\s+[\x22']?[A-Za-z0-9_.-]{1,40}[\x22']?:\s*(?:\|[-+]?\s*)?[\x22']?"
);
const CURL: &[&str] = &[
    "curl", "wget", "http", "https", "-X", "-H", "-d", "--header", "--data",
];
const SESSIONS: &[&str] = &[
    "session",
    "session_id",
    "sessionid",
    "auth_session",
    "laravel_session",
    "connect.sid",
    "JSESSIONID",
    "PHPSESSID",
];
