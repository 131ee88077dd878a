//! Keys of clouds; those of Amazon have a file of their own.

use super::{is_filled, token};
use crate::checks::chance::is_random;
use crate::rule::{Anchor, Rule};
use crate::view::{Verdict, View};

pub(super) const RULES: &[Rule] = &[
    token(
        "SECRET_GOOGLE",
        "Google Cloud documentation, API keys",
        &["AIza"],
        r"AIza[A-Za-z0-9_-]{35}",
    ),
    token(
        "SECRET_GOOGLE",
        "Google Identity, OAuth 2.0 client secrets",
        &["GOCSPX-"],
        r"GOCSPX-[A-Za-z0-9_-]{28}",
    ),
    token(
        "SECRET_GOOGLE",
        "Google Identity, OAuth 2.0 access tokens",
        &["ya29."],
        r"ya29\.[A-Za-z0-9_-]{20,}",
    ),
    token(
        "SECRET_GOOGLE",
        "Google Identity, OAuth 2.0 refresh tokens",
        &["1//0"],
        r"1//0[A-Za-z0-9_-]{40,}",
    ),
    token(
        "SECRET_FIREBASE",
        "Firebase Cloud Messaging, legacy server keys",
        &["AAAA"],
        r"AAAA[A-Za-z0-9_-]{7}:[A-Za-z0-9_-]{140}",
    ),
    token(
        "SECRET_RECAPTCHA",
        "Google reCAPTCHA documentation",
        &["6L"],
        r"6L[A-Za-z0-9_-]{38}",
    )
    .needs(&["captcha", "recaptcha", "sitekey", "site_key", "secret"]),
    Rule::custom(
        "SECRET_GOOGLE",
        "Google Identity, OAuth 2.0 client ids",
        Anchor::Literals(&[".apps.google"]),
        google_client,
    ),
    Rule::custom(
        "SECRET_AZURE",
        "Microsoft identity platform, client secrets",
        Anchor::Byte(b'~'),
        azure_client_secret,
    ),
    token(
        "SECRET_ALIBABA",
        "Alibaba Cloud RAM documentation",
        &["LTAI"],
        r"LTAI[A-Za-z0-9]{12,22}\b",
    ),
    token(
        "SECRET_TENCENT",
        "Tencent Cloud CAM documentation",
        &["AKID"],
        r"AKID[A-Za-z0-9]{32}\b",
    ),
    token(
        "SECRET_YANDEX",
        "Yandex Cloud documentation, API keys",
        &["AQVN"],
        r"AQVN[A-Za-z0-9_-]{35,38}\b",
    ),
    token(
        "SECRET_YANDEX",
        "Yandex Cloud documentation, static access keys",
        &["YCA", "YCM"],
        r"YC[A-Za-z0-9_-]{38}\b",
    ),
    token(
        "SECRET_YANDEX",
        "Yandex Cloud documentation, IAM tokens",
        &["t1."],
        r"t1\.[A-Za-z0-9_-]{20,}={0,2}\.[A-Za-z0-9_-]{80,90}={0,2}",
    ),
    token(
        "SECRET_YANDEX",
        "Yandex ID documentation, OAuth tokens",
        &["y0_", "y1_", "y2_", "y3_"],
        r"y[0-3]_[A-Za-z0-9_-]{50,64}",
    ),
    token(
        "SECRET_SCALEWAY",
        "Scaleway documentation, API keys",
        &["SCW"],
        r"SCW[A-Z0-9]{17}\b",
    ),
    token(
        "SECRET_DIGITALOCEAN",
        "DigitalOcean API documentation",
        &["dop_v1_", "doo_v1_", "dor_v1_"],
        r"do[opr]_v1_[a-f0-9]{64}\b",
    ),
    Rule::custom(
        "SECRET_TERRAFORM",
        "HCP Terraform documentation, API tokens",
        Anchor::Literals(&[".atlasv1."]),
        terraform,
    ),
    token(
        "SECRET_HASHICORP_VAULT",
        "HashiCorp Vault documentation, tokens",
        &["hvs.", "hvb.", "hvr."],
        r"hv[sbr]\.[A-Za-z0-9_-]{90,}",
    ),
    token(
        "SECRET_HASHICORP_VAULT",
        "HashiCorp Vault documentation, service tokens of new versions",
        &["hvs."],
        r"hvs\.[A-Za-z0-9_-]{24,89}\b",
    )
    .check(is_random),
    Rule::named(
        "SECRET_HASHICORP_VAULT",
        "HashiCorp Vault documentation, tokens before version 1.10",
        &["vault_token", "vault-token"],
        r"[\x22']?[ :=]+[\x22']?",
        r"[sb]\.[A-Za-z0-9]{24}\b",
    ),
    Rule::named(
        "SECRET_HASHICORP_VAULT",
        "HashiCorp Vault documentation, unseal keys",
        &["unseal"],
        r"(?i)(?:[_ -]?keys?)?(?: ?[0-9])?[ :=]+",
        r"(?:[A-Za-z0-9+/]{43}[A-Za-z0-9+/=]|[a-f0-9]{64,66}\b)",
    ),
];

/// `<number>-<32 letters and digits>` before the domain.
fn google_client(view: &View<'_>) -> Verdict {
    let start = view
        .before
        .iter()
        .rposition(|byte| !matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let name = view
        .before
        .get(start.map_or(0, |at| at + 1)..)
        .unwrap_or_default();
    let dash = name.iter().position(|byte| *byte == b'-').unwrap_or(0);
    let (number, rest) = name.split_at_checked(dash).unwrap_or_default();
    let fits = (6..=14).contains(&number.len())
        && number.iter().all(u8::is_ascii_digit)
        && rest.len() == 33
        && is_filled(rest);
    let (seen, _) = view.run(0, |byte| byte.is_ascii_lowercase() || byte == b'.');
    let domain = view.from.get(..seen).unwrap_or_default();
    if !fits || !domain.starts_with(GOOGLE_DOMAIN) && !GOOGLE_DOMAIN.starts_with(domain) {
        Verdict::No
    } else if seen >= GOOGLE_DOMAIN.len() {
        Verdict::Yes {
            before: name.len(),
            length: GOOGLE_DOMAIN.len(),
        }
    } else if view.open {
        Verdict::More
    } else {
        Verdict::No
    }
}

/// Three characters, a digit, `Q~`, and 31 to 34 more.
fn azure_client_secret(view: &View<'_>) -> Verdict {
    let [.., a, b, c, digit, b'Q'] = view.before else {
        return Verdict::No;
    };
    let is_inner =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'~');
    let outer = view
        .before
        .len()
        .checked_sub(6)
        .and_then(|at| view.before.get(at));
    if !digit.is_ascii_digit()
        || ![a, b, c].into_iter().all(|byte| is_inner(*byte))
        || outer.is_some_and(|byte| is_inner(*byte))
    {
        return Verdict::No;
    }
    let (length, ended) = view.run(1, is_inner);
    let text = view.from.get(1..=length).unwrap_or_default();
    let more = length <= 35 && !ended;
    match (more, length) {
        (true, _) => Verdict::More,
        (_, 31..=35) if is_random(text) => {
            let point = usize::from(text.last() == Some(&b'.'));
            Verdict::Yes {
                before: 5,
                length: 1 + length - point,
            }
        }
        _ => Verdict::No,
    }
}

/// Fourteen letters and digits before it, and some 67 behind.
fn terraform(view: &View<'_>) -> Verdict {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'=' | b'-');
    let before = view
        .before
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    let (length, ended) = view.run(TERRAFORM.len(), is_inner);
    if before != 14 {
        Verdict::No
    } else if !ended {
        Verdict::More
    } else if (60..=72).contains(&length) {
        Verdict::Yes {
            before,
            length: TERRAFORM.len() + length,
        }
    } else {
        Verdict::No
    }
}

const TERRAFORM: &str = ".atlasv1.";
const GOOGLE_DOMAIN: &[u8] = b".apps.googleusercontent.com";
