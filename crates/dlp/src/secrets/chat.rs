//! Tokens for chat, mail, telephone and push messages.

use super::{is_filled, token};
use crate::checks::chance::is_random;
use crate::rule::{Anchor, Rule};
use crate::view::{Verdict, View};

pub(super) const RULES: &[Rule] = &[
    token(
        "SECRET_SLACK",
        "Slack API documentation, token types",
        &[
            "xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxo-", "xoxc-", "xoxd-",
        ],
        r"xox[abcdoprs]-(?:[0-9]-)?[A-Za-z0-9%/+-]{10,}",
    )
    .check(slack),
    token(
        "SECRET_SLACK",
        "Slack API documentation, app-level and configuration tokens",
        &["xapp-", "xoxe.", "xoxe-"],
        r"(?:xapp-[0-9]-[A-Z0-9]+-[0-9]+-[A-Za-z0-9]{20,}|xoxe(?:\.xox[bp])?-[0-9]-[A-Za-z0-9]{30,})",
    ),
    Rule::custom(
        "SECRET_TELEGRAM",
        "Telegram Bot API, authorizing your bot",
        Anchor::Literals(&[":A"]),
        telegram,
    )
    .begins(":A[0-9A-Za-z_-]{6}"),
    // A token begins with the digits of an id in base64.
    Rule::word(
        "SECRET_DISCORD",
        "Discord developer documentation, bot tokens",
        1..=20,
        r"[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}\b",
    )
    .check(is_filled),
    token(
        "SECRET_DISCORD",
        "Discord developer documentation, tokens of accounts with MFA",
        &["mfa."],
        r"mfa\.[A-Za-z0-9_-]{80,90}\b",
    ),
    Rule::word(
        "SECRET_TWILIO",
        "Twilio documentation, API keys and account SIDs",
        2..=10,
        r"(?:AC|SK)[a-f0-9]{32}\b",
    )
    .check(is_filled),
    token(
        "SECRET_SENDGRID",
        "SendGrid documentation, API keys",
        &["SG."],
        r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}\b",
    ),
    token(
        "SECRET_MAILGUN",
        "Mailgun documentation, API keys",
        &["key-"],
        r"key-[a-f0-9]{32}\b",
    ),
    token(
        "SECRET_MAILGUN",
        "Mailgun documentation, validation keys",
        &["pubkey-"],
        r"pubkey-[a-f0-9]{32}\b",
    ),
    Rule::custom(
        "SECRET_MAILGUN",
        "Mailgun documentation, signing keys",
        Anchor::Word { letters: (0, 6) },
        mailgun,
    )
    .begins("[0-9A-Fa-f]{32}-")
    .needs(&["mailgun", "mg_"]),
    Rule::word(
        "SECRET_MAILCHIMP",
        "Mailchimp Marketing API documentation",
        0..=8,
        r"[a-f0-9]{32}-us[0-9]{1,2}\b",
    )
    .check(is_filled),
    token(
        "SECRET_MANDRILL",
        "Mailchimp Transactional documentation",
        &["md-"],
        r"md-[A-Za-z0-9_-]{22}\b",
    )
    .check(is_random),
    token(
        "SECRET_BREVO",
        "Brevo API documentation",
        &["xkeysib-", "xsmtpsib-"],
        r"x(?:key|smtp)sib-[a-f0-9]{64}-[A-Za-z0-9]{16}\b",
    ),
    token(
        "SECRET_RESEND",
        "Resend documentation",
        &["re_"],
        r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}\b",
    ),
    token(
        "SECRET_MAILERSEND",
        "MailerSend documentation",
        &["mlsn."],
        r"mlsn\.[a-f0-9]{64}\b",
    ),
    token(
        "SECRET_ONESIGNAL",
        "OneSignal documentation",
        &["os_v2_"],
        r"os_v2_(?:app|org)_[a-z0-9]{80,110}\b",
    ),
    token(
        "SECRET_COURIER",
        "Courier documentation",
        &["pk_prod_", "pk_test_"],
        r"pk_(?:prod|test)_[A-Z0-9]{28}\b",
    ),
    token(
        "SECRET_INTERCOM",
        "Intercom developer documentation, access tokens",
        &["dG9r"],
        r"dG9rO[A-Za-z0-9+/]{50,70}={0,2}",
    ),
    token(
        "SECRET_BEAMER",
        "Beamer API documentation",
        &["b_"],
        r"b_[A-Za-z0-9=_-]{44}",
    )
    .needs(&["beamer"]),
    token(
        "SECRET_LARK",
        "Lark open platform documentation",
        &["t-g", "u-g", "cli_"],
        r"(?:[tu]-g[A-Za-z0-9]{30,44}|cli_[a-f0-9]{16})\b",
    )
    .needs(&["lark", "feishu", "app_id", "access_token"]),
    Rule::word(
        "SECRET_PLIVO",
        "Plivo documentation, auth ids",
        2..=12,
        r"[MS]A[A-Z0-9]{18}\b",
    )
    .needs(&["plivo"]),
    token(
        "SECRET_KNOCK",
        "Knock documentation, API keys",
        &["sk_live_", "sk_test_"],
        r"sk_(?:live|test)_[A-Za-z0-9_-]{43}\b",
    ),
    token(
        "SECRET_NYLAS",
        "Nylas documentation, API keys",
        &["nyk_v0_", "nyk_"],
        r"nyk_(?:v0_)?[A-Za-z0-9]{60,68}\b",
    ),
];

/// The parts of a token differ by its age; what they share is that digits are among them.
fn slack(value: &[u8]) -> bool {
    let tail = value.get(5..).unwrap_or_default();
    // Without a way out of the loop, so that it is one over many bytes at a time: most have none.
    let any = tail.iter();
    let any = any.fold(false, |any, byte| any | byte.is_ascii_digit());
    let mut digits = tail.iter().filter(|byte| byte.is_ascii_digit());
    let mut letters = tail.iter().filter(|byte| byte.is_ascii_alphabetic());
    let mut parts = tail.split(|byte| *byte == b'-');
    any && digits.nth(1).is_some()
        && letters.nth(1).is_some()
        && parts.any(|part| part.len() >= 10)
        && is_filled(value)
}

/// The bot's number, a colon, and 34 to 36 characters.
fn telegram(view: &View<'_>) -> Verdict {
    if !matches!(view.before, [.., digit] if digit.is_ascii_digit()) {
        return Verdict::No;
    }
    let digits = view
        .before
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let outer = view
        .before
        .len()
        .checked_sub(digits + 1)
        .and_then(|at| view.before.get(at));
    if !(5..=16).contains(&digits)
        || outer.is_some_and(|byte| byte.is_ascii_alphabetic() && *byte != b't')
    {
        return Verdict::No;
    }
    let (length, ended) = view.run(1, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
    });
    let token = view.from.get(1..=length).unwrap_or_default();
    if token.first().is_some_and(|first| *first != b'A') || length > 36 {
        Verdict::No
    } else if !ended {
        Verdict::More
    } else if length >= 34 && is_filled(token) {
        Verdict::Yes {
            before: digits,
            length: 1 + length,
        }
    } else {
        Verdict::No
    }
}

/// `<32 hexadecimal digits>-<8>-<8>`.
fn mailgun(view: &View<'_>) -> Verdict {
    let (length, ended) = view.run(0, |byte| byte.is_ascii_hexdigit() || byte == b'-');
    if !ended && length <= 50 {
        return Verdict::More;
    }
    let value = view.from.get(..length).unwrap_or_default();
    let parts: Vec<usize> = value.split(|byte| *byte == b'-').map(<[u8]>::len).collect();
    if parts == [32, 8, 8] {
        Verdict::Yes { before: 0, length }
    } else {
        Verdict::No
    }
}
