//! Keys of Amazon Web Services: access key ids by their form, secret keys by their form and the words near them.

use super::{is_filled, token};
use crate::rule::{Anchor, Rule};
use crate::view::{Verdict, View};

pub(super) const RULES: &[Rule] = &[
    Rule::literal(
        "SECRET_AWS",
        "AWS IAM User Guide, unique identifiers",
        &["AKIA", "ASIA", "ABIA", "ACCA", "A3T"],
        r"(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{16}\b",
    )
    .check(is_filled),
    Rule::custom(
        "SECRET_AWS",
        "AWS General Reference, access keys",
        Anchor::Word { letters: (0, 12) },
        secret_key,
    )
    // Up to four of them may be signs before the word.
    .begins("[0-9A-Za-z+/]{36}")
    .needs(&[
        "aws",
        "akia",
        "asia",
        "secret_access_key",
        "secret access key",
        "secretaccesskey",
        "secret_key",
        "secret key",
        "secretkey",
        "access_key",
        "access key",
        "accesskey",
    ]),
    token(
        "SECRET_AWS",
        "Amazon Bedrock User Guide, API keys",
        &["ABSK", "bedrock-api-key-"],
        r"(?:ABSK[A-Za-z0-9+/]{100,}={0,2}|bedrock-api-key-[A-Za-z0-9+/]{28,}={0,2})",
    ),
    token(
        "SECRET_AWS",
        "AWS AppSync Developer Guide, API keys",
        &["da2-"],
        r"da2-[a-z0-9]{26}\b",
    ),
    token(
        "SECRET_AWS",
        "Amazon Marketplace Web Service, auth tokens",
        &["amzn.mws."],
        r"amzn\.mws\.[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}\b",
    ),
    Rule::named(
        "SECRET_AWS",
        "AWS Security Token Service, session tokens",
        &[
            "session_token",
            "sessiontoken",
            "security_token",
            "security-token",
        ],
        r"[\x22'\]]?\s?[=:]\s?[\x22']?",
        r"[A-Za-z0-9+/]{100,}={0,2}",
    )
    .check(is_filled),
];

/// 40 characters of base64 of both cases, and no more: a digest in hexadecimal has one case.
fn secret_key(view: &View<'_>) -> Verdict {
    let before = view
        .before
        .iter()
        .rev()
        .take_while(|byte| matches!(byte, b'+' | b'/'))
        .count();
    let edge = view
        .before
        .len()
        .checked_sub(before + 1)
        .and_then(|at| view.before.get(at));
    if before > 4 || edge.is_some_and(u8::is_ascii_alphanumeric) {
        return Verdict::No;
    }
    let (length, ended) = view.run(0, is_base64);
    if before + length > SECRET_LENGTH {
        return Verdict::No;
    }
    if !ended {
        return Verdict::More;
    }
    let key = view.from.get(..length).unwrap_or_default();
    let fits = before + length == SECRET_LENGTH
        && view.from.get(length) != Some(&b'=')
        && key.iter().any(u8::is_ascii_uppercase)
        && key.iter().any(u8::is_ascii_lowercase);
    if fits {
        Verdict::Yes { before, length }
    } else {
        Verdict::No
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

const SECRET_LENGTH: usize = 40;
