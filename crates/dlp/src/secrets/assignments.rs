//! Secrets that are known by their names alone: `password = …`, `"apiKey": "…"`, `--token …`.
//!
//! They stand in code, in settings and in sentences. All give way to a finding that knows more.

use super::keys::is_token_header;
use crate::checks::chance::{is_hex, is_random};
use crate::checks::passwords::{is_login, is_password, is_quoted_password};
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    password(PASSWORD_TO_DOUBLE, DOUBLE_QUOTED).check(is_quoted_password),
    password(PASSWORD_TO_SINGLE, SINGLE_QUOTED).check(is_quoted_password),
    password(PASSWORD_TO_BARE, BARE).check(is_password),
    // Behind the name of a user any word may be the password.
    password(PASSWORD_TO_DOUBLE, DOUBLE_QUOTED)
        .check(is_word)
        .needs(USERS),
    password(PASSWORD_TO_SINGLE, SINGLE_QUOTED)
        .check(is_word)
        .needs(USERS),
    Rule::named(PASSWORD, SOURCE, PASSWORD_OPTIONS, OPTION, BARE)
        .check(is_password)
        .weak(),
    Rule::led(
        PASSWORD,
        PROGRAMS,
        &["sshpass"],
        r"sshpass +-p *[\x22']?",
        BARE,
    )
    .check(is_password)
    .weak(),
    // Behind its option without a space; `-P` is the port.
    Rule::led(
        PASSWORD,
        PROGRAMS,
        &["mysql", "mysqldump", "mysqladmin", "mariadb"],
        CLIENT,
        BARE,
    )
    .check(is_password)
    .weak(),
    secret(SECRET_TO_DOUBLE, DOUBLE_QUOTED),
    secret(SECRET_TO_SINGLE, SINGLE_QUOTED),
    secret(SECRET_TO_BARE, BARE).check(is_bare_secret),
    Rule::named(SECRET, SOURCE, SECRET_OPTIONS, OPTION, BARE)
        .check(is_random)
        .weak(),
    key(SECRET_TO_DOUBLE, DOUBLE_QUOTED),
    key(SECRET_TO_SINGLE, SINGLE_QUOTED),
    key(SECRET_TO_BARE, BARE),
];

const fn password(lead: &'static str, value: &'static str) -> Rule {
    Rule::named(PASSWORD, SOURCE, PASSWORDS, lead, value)
        .within()
        .lifted(&[], 65, 65)
        .weak()
}

const fn secret(lead: &'static str, value: &'static str) -> Rule {
    Rule::named(SECRET, SOURCE, SECRETS, lead, value)
        .within()
        .lifted(&[], 65, 65)
        .check(is_secret)
        .weak()
}

const fn key(lead: &'static str, value: &'static str) -> Rule {
    Rule::named(SECRET, SOURCE, &["key"], lead, value)
        .lifted(&[], 55, 55)
        .check(is_key)
        .weak()
}

/// Also without a digit or a sign.
fn is_word(value: &[u8]) -> bool {
    value.len() >= 5 && is_login(value)
}

fn is_secret(value: &[u8]) -> bool {
    let signs = value
        .iter()
        .any(|byte| matches!(byte, b'!' | b'@' | b'#' | b'$' | b'^' | b'&' | b'*' | b'?'));
    let address = value.starts_with(b"0x") && value.len() == 42;
    let random = is_random(value) && is_solid(value);
    !address && !is_token_header(value) && (random || signs && is_quoted_password(value))
}

/// Without quotes, where code stands as well.
fn is_bare_secret(value: &[u8]) -> bool {
    is_secret(value)
        && !value
            .iter()
            .any(|byte| matches!(byte, b'(' | b')' | b'[' | b']' | b'{' | b'}'))
}

/// Of a `key` there are many that are no secrets: identifiers and digests are not taken.
fn is_key(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let plain = value
        .iter()
        .all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    value.len() >= 20
        && digits >= 3
        && !plain
        && !is_hex(value)
        && is_solid(value)
        && is_random(value)
}

/// Letters, digits and the signs of base64, with nothing between them.
fn is_solid(value: &[u8]) -> bool {
    value.iter().all(|byte| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=' | b'.' | b'~')
    })
}

const PASSWORD: &str = "SECRET_PASSWORD";
const SECRET: &str = "SECRET_GENERIC";
const SOURCE: &str = "CWE-798, use of hard-coded credentials";
const PROGRAMS: &str = "sshpass(1); MySQL documentation, options of clients";

const PASSWORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "passwort",
    "kennwort",
    "contrasena",
    "contraseña",
    "motdepasse",
    "mot_de_passe",
    "mot de passe",
    "senha",
    "_pwd",
    "-pwd",
    "dbpwd",
    "_pass",
    "-pass",
    "dbpass",
    "userpass",
    "пароль",
    "Пароль",
    "密码",
    "密碼",
    "パスワード",
    "비밀번호",
];
const USERS: &[&str] = &[
    "user",
    "username",
    "user_name",
    "login",
    "uid",
    "account",
    "host",
    "hostname",
    "database",
];
const PASSWORD_OPTIONS: &[&str] = &[
    "--password",
    "--passwd",
    "--passphrase",
    "--pass",
    "--pwd",
    "--secret",
];
const SECRETS: &[&str] = &[
    "token",
    "secret",
    "apikey",
    "api_key",
    "api-key",
    "api key",
    "accesskey",
    "access_key",
    "access-key",
    "access key",
    "privatekey",
    "private_key",
    "private-key",
    "private key",
    "authkey",
    "auth_key",
    "auth-key",
    "appkey",
    "app_key",
    "app-key",
    "encryptionkey",
    "encryption_key",
    "encryption-key",
    "signingkey",
    "signing_key",
    "signing-key",
    "masterkey",
    "master_key",
    "master-key",
    "servicekey",
    "service_key",
    "clientkey",
    "client_key",
    "consumerkey",
    "consumer_key",
    "consumer key",
    "licensekey",
    "license_key",
    "license key",
    "sessionkey",
    "session_key",
    "subscriptionkey",
    "subscription_key",
    "subscription-key",
    "credential",
    "writekey",
    "write_key",
    "serverkey",
    "server_key",
    "webhook_key",
    "integration_key",
    "deploy_key",
    "_auth",
    "-auth",
    "api_hash",
    "apihash",
];
const SECRET_OPTIONS: &[&str] = &[
    "--token",
    "--api-key",
    "--apikey",
    "--access-key",
    "--secret-key",
    "--auth-token",
    "--access-token",
    "--registration-token",
    "--key",
    "--auth",
];

// What may stand between the name and the value: the rest of the name, its quote, a type, a sign,
// and the quote of the value.
macro_rules! between {
    ($rest:ident, $sign:ident, $quote:literal) => {
        concat!($rest!(), r"(?:\\*[\x22'`])?[\])]?", $sign!(), $quote)
    };
}
macro_rules! number_or_place {
    () => {
        concat!(
            r"(?i)(?:s|e|[_-]?[0-9]{1,2})?(?:[_-]?(?:value|str|text|prod|dev|test|stage|staging",
            r"|local|default|env|plain|new|confirmation))?"
        )
    };
}
macro_rules! any_word {
    () => {
        r"(?i)[a-z0-9_]{0,16}"
    };
}
macro_rules! sign_before_quote {
    () => {
        r"\s*(?:(?::\s*[a-z?]+\s*)?(?::|\?|!|\|\|)?={1,3}>?|:{1,2}|->|>|value\s*=|\s(?:is|was|ist|lautet|est|es|era|é|è)\s)\s*"
    };
}
macro_rules! sign_in_line {
    () => {
        r"[ \t]*(?:[:?!]?={1,2}>?|:|>\s*| (?:is|was|ist|lautet|est|es|era|é|è):?)[ \t]*"
    };
}
/// `setKey("name", "value")`, `key("value")`
macro_rules! sign_or_call {
    () => {
        concat!(
            r"(?:[\x22'`]\s*,|\(|\s*(?:(?::\s*[a-z?]+\s*)?(?::|\?|!|\|\|)?={1,3}>?",
            r"|:{1,2}|->|>|value\s*=|,|\s(?:is|was|ist)\s))\s*"
        )
    };
}
const PASSWORD_TO_DOUBLE: &str = between!(number_or_place, sign_before_quote, r"[@$]?\\*\x22");
const PASSWORD_TO_SINGLE: &str = between!(number_or_place, sign_before_quote, r"['`]");
const PASSWORD_TO_BARE: &str = between!(number_or_place, sign_in_line, "");
const SECRET_TO_DOUBLE: &str = between!(any_word, sign_or_call, r"[@$]?\\*\x22");
const SECRET_TO_SINGLE: &str = between!(any_word, sign_or_call, r"['`]");
const SECRET_TO_BARE: &str = between!(any_word, sign_in_line, "");
const CLIENT: &str = r"(?:mysql(?:dump|admin)?|mariadb) (?:[^\n|;&]{0,32} )?-p[\x22']?";
const OPTION: &str = r"(?: |=)[\x22']?";

const DOUBLE_QUOTED: &str = r"(?:[^\x22\\\r\n]|\\[^\x22\\\r\n])+";
const SINGLE_QUOTED: &str = r"[^'`\\\r\n]+";
const BARE: &str = r"[^\s\x22'`<>;&\\]*[^\s\x22'`<>;&\\,)}\]:.]";
