//! Secrets in addresses and in connection strings: of them the secret alone is taken.

use super::is_filled;
use crate::checks::chance::is_placeholder;
use crate::checks::passwords::is_password;
use crate::rule::{Anchor, Rule};
use crate::view::{Verdict, View};

pub(super) const RULES: &[Rule] = &[
    Rule::custom(
        "SECRET_URL_PASSWORD",
        USER_INFORMATION,
        Anchor::Literals(&["://"]),
        url_password,
    ),
    // Of one whose `@` is too far away to be seen from there.
    Rule::led(
        "SECRET_URL_PASSWORD",
        USER_INFORMATION,
        &["://"],
        r"://[^/:@?#\x22'<>\\`|^\x00- ]{0,64}:",
        r"[^/@?#\x22'<>\\`|^\x00- ]{160,}",
    )
    .check(is_filled),
    Rule::named(
        "SECRET_AZURE",
        "Azure Storage and Cosmos DB documentation, connection strings",
        &["AccountKey", "account_key", "storage_key", "storagekey"],
        SIGN,
        r"[A-Za-z0-9+/]{86}==",
    )
    .check(is_filled),
    Rule::named(
        "SECRET_AZURE",
        "Azure Service Bus, Event Hubs, IoT and App Configuration documentation",
        &[
            "SharedAccessKey",
            "SharedSecretValue",
            "Secret",
            "access_key",
        ],
        SIGN,
        r"[A-Za-z0-9+/]{43}=",
    )
    .check(is_filled),
    Rule::named(
        "SECRET_AZURE",
        "Azure Storage documentation, shared access signatures",
        &["sig", "SharedAccessSignature"],
        r"=",
        r"[A-Za-z0-9%/+]{43,80}(?:=|%3[dD])",
    )
    .check(is_filled),
    Rule::named(
        "SECRET_DATABASE_PASSWORD",
        "ODBC and ADO.NET documentation, connection strings",
        &["Password", "Pwd"],
        r" ?= ?",
        r"[^\s;\x22'<>&$][^\s;\x22'<>&]{3,}",
    )
    .needs(&[
        "server",
        "data source",
        "datasource",
        "uid",
        "user id",
        "userid",
        "initial catalog",
        "database",
        "host",
        "driver",
    ])
    .check(is_password)
    .weak(),
    Rule::led(
        "SECRET_DATABASE_PASSWORD",
        "Oracle Database documentation, JDBC thin driver",
        &["jdbc:oracle:"],
        r"jdbc:oracle:[a-z0-9]+:[^\s/@:\x22']+/",
        r"[^\s/@\x22']{3,40}@",
    )
    .check(is_filled),
    Rule::led(
        "SECRET_DATABASE_PASSWORD",
        "MySQL and PostgreSQL documentation, SQL of accounts",
        &["IDENTIFIED"],
        r"IDENTIFIED +(?:WITH +[a-z0-9_]+ +)?BY +(?:PASSWORD +)?['\x22]",
        r"[^'\x22\s]{4,}",
    )
    .check(is_filled),
];

/// The password between `://user:` and `@host`.
fn url_password(view: &View<'_>) -> Verdict {
    let (length, ended) = view.run(START, |byte| {
        !matches!(
            byte,
            b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'\\' | b'`' | b'|' | b'^' | 0..=b' '
        )
    });
    let authority = view.from.get(START..START + length).unwrap_or_default();
    let Some(colon) = authority.iter().position(|byte| *byte == b':') else {
        return open_or_none(ended);
    };
    let Some(at) = authority.iter().rposition(|byte| *byte == b'@') else {
        return open_or_none(ended);
    };
    if !ended {
        return Verdict::More;
    }
    let password = authority.get(colon + 1..at).unwrap_or_default();
    let host = authority.get(at + 1..).unwrap_or_default();
    let user = authority.get(..colon).unwrap_or_default();
    if is_chosen(user, password)
        && host.first().is_some_and(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'[' | b'%' | b'_' | b'$' | b'{')
        })
    {
        Verdict::Behind {
            skip: START + colon + 1,
            length: password.len(),
        }
    } else {
        Verdict::No
    }
}

fn open_or_none(ended: bool) -> Verdict {
    if ended { Verdict::No } else { Verdict::More }
}

/// Somebody's own, and not what examples have in its place.
fn is_chosen(user: &[u8], password: &[u8]) -> bool {
    let gap = password
        .first()
        .is_some_and(|byte| matches!(byte, b'$' | b'{' | b'<' | b'%' | b'[' | b'(' | b'*'));
    let example = EXAMPLES
        .iter()
        .any(|word| password.eq_ignore_ascii_case(word));
    password.len() >= 3 && !gap && !example && !user.ends_with(b"}") && !is_placeholder(password)
}

const USER_INFORMATION: &str = "RFC 3986 3.2.1, user information";
const START: usize = "://".len();
/// Between the name and the value.
const SIGN: &str = r"[\x22']?\s?[=:]\s?[\x22']?";
const EXAMPLES: [&[u8]; 14] = [
    b"password",
    b"pass",
    b"passwd",
    b"pwd",
    b"secret",
    b"token",
    b"pw",
    b"password1",
    b"<password>",
    b"mypassword",
    b"userpassword",
    b"xxx",
    b"pass1",
    b"key",
];
