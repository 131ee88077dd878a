//! Keys of what watches, logs, measures and guards: monitoring, analytics, feature flags, security.

use super::{is_filled, token};
use crate::checks::chance::is_random;
use crate::rule::{Anchor, Rule};
use crate::view::{Verdict, View};

pub(super) const RULES: &[Rule] = &[
    token(
        "SECRET_GRAFANA",
        "Grafana documentation, service accounts",
        &["glsa_"],
        r"glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}\b",
    ),
    token(
        "SECRET_GRAFANA",
        "Grafana Cloud documentation, access policies",
        &["glc_"],
        r"glc_[A-Za-z0-9+/]{32,}={0,3}",
    )
    .check(is_random),
    token(
        "SECRET_GRAFANA",
        "Grafana documentation, API keys",
        &["eyJrIjoi"],
        r"eyJrIjoi[A-Za-z0-9+/]{40,}={0,3}",
    ),
    token(
        "SECRET_NEWRELIC",
        "New Relic documentation, API keys",
        &[
            "NRAK-", "NRJS-", "NRII-", "NRIQ-", "NRRA-", "NRAA-", "NRSP-", "NRBR-",
        ],
        concat!(
            r"NR(?:AK-[A-Z0-9]{27}|JS-[a-f0-9]{19}|I[IQ]-[A-Za-z0-9_-]{32}|RA-[a-f0-9]{42}",
            r"|AA-[a-f0-9]{27}|SP-[a-z]{2}[0-9]{2}[a-f0-9]{31}|BR-[a-f0-9]{15,32})\b"
        ),
    ),
    Rule::custom(
        "SECRET_NEWRELIC",
        "New Relic documentation, license keys",
        Anchor::Word { letters: (0, 6) },
        new_relic,
    )
    .begins("[0-9A-Za-z]{40}"),
    token(
        "SECRET_DYNATRACE",
        "Dynatrace documentation, token format",
        &["dt0"],
        r"dt0[a-z][0-9]{2}\.[A-Z0-9]{8,24}(?:\.[A-Z0-9]{64})?\b",
    )
    .check(is_random),
    token(
        "SECRET_SENTRY",
        "Sentry documentation, user auth tokens",
        &["sntryu_", "sntrya_", "sntryi_"],
        r"sntry[uai]_[a-f0-9]{64}\b",
    ),
    token(
        "SECRET_SENTRY",
        "Sentry documentation, organization auth tokens",
        &["sntrys_eyJ"],
        r"sntrys_eyJ[A-Za-z0-9+/=_-]{80,}",
    ),
    token(
        "SECRET_HONEYCOMB",
        "Honeycomb documentation, API keys",
        &["hcaik_", "hcbik_", "hcamk_", "hcalk_"],
        r"hc[ab][iml]k_[a-z0-9]{26}[A-Za-z0-9]{32}\b",
    ),
    token(
        "SECRET_PAGERDUTY",
        "PagerDuty documentation, REST API keys",
        &["u+"],
        r"u\+[A-Za-z0-9_+-]{18}\b",
    ),
    token(
        "SECRET_PAGERDUTY",
        "PagerDuty documentation, OAuth tokens",
        &["pdus+", "pdeu+"],
        r"pd(?:us|eu)\+_?[A-Za-z0-9_+-]{16,80}",
    ),
    token(
        "SECRET_AXIOM",
        "Axiom documentation, tokens",
        &["xaat-", "xapt-"],
        r"xa[ap]t-[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}\b",
    ),
    token(
        "SECRET_POSTHOG",
        "PostHog documentation, API keys",
        &["phc_", "phx_", "phs_"],
        r"ph[cxs]_[A-Za-z0-9]{40,56}\b",
    ),
    token(
        "SECRET_LAUNCHDARKLY",
        "LaunchDarkly documentation, SDK credentials and access tokens",
        &["api-", "sdk-", "mob-"],
        r"(?:api|sdk|mob)-[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}\b",
    ),
    token(
        "SECRET_STATSIG",
        "Statsig documentation, API keys",
        &["secret-", "console-"],
        r"(?:secret|console)-[A-Za-z0-9]{40,52}\b",
    )
    .check(is_random),
    token(
        "SECRET_OKTA",
        "Okta developer documentation, authorization header",
        &["SSWS"],
        r"SSWS 00[A-Za-z0-9_-]{40}\b",
    )
    .check(is_random),
    Rule::named(
        "SECRET_TRUENAS",
        "TrueNAS API documentation",
        &["login_with_api_key"],
        r"[\x22':, a-z\[(]+",
        r"[0-9]{1,4}-[A-Za-z0-9]{64}\b",
    ),
    Rule::custom(
        "SECRET_MAXMIND",
        "MaxMind documentation, license keys",
        Anchor::Literals(&["_mmk"]),
        maxmind,
    ),
    token(
        "SECRET_ADAFRUIT",
        "Adafruit IO documentation",
        &["aio_"],
        r"aio_[A-Za-z0-9]{28}\b",
    ),
    token(
        "SECRET_UBIDOTS",
        "Ubidots documentation",
        &["BBFF-", "BBUS-", "A1E-"],
        r"(?:BBFF|BBUS|A1E)-[A-Za-z0-9]{30}\b",
    ),
    token(
        "SECRET_BLYNK",
        "Blynk documentation, OAuth client ids",
        &["oa2-client-id_"],
        r"oa2-client-id_[A-Za-z0-9_-]{32}(?::[A-Za-z0-9_-]{20,})?",
    ),
    token(
        "SECRET_BLYNK",
        "Blynk documentation, organization tokens",
        &["blynk"],
        r"blynk[A-Za-z0-9_-]{27}\b",
    )
    .check(is_random),
    token(
        "SECRET_CHECKLY",
        "Checkly documentation, API keys",
        &["cu_"],
        r"cu_[a-f0-9]{32}\b",
    ),
    token(
        "SECRET_REVENUECAT",
        "RevenueCat documentation, API keys",
        &["sk_", "atk_"],
        r"(?:sk|atk)_[A-Za-z]{28,32}\b",
    )
    .needs(&["revenuecat"]),
    token(
        "SECRET_ZUPLO",
        "Zuplo documentation, API keys",
        &["zpka_"],
        r"zpka_[a-f0-9]{32}_[a-f0-9]{8}\b",
    ),
    token(
        "SECRET_FULLSTORY",
        "FullStory developer documentation",
        &["na1.", "eu1."],
        r"(?:na|eu)1\.[A-Za-z0-9+/]{40,}={0,2}",
    )
    .check(is_random),
    token(
        "SECRET_ELASTIC",
        "Elastic documentation, service tokens",
        &["AAEAA"],
        r"AAEAA[A-Za-z0-9+/]{40,80}={0,2}",
    ),
    token(
        "SECRET_NGROK",
        "ngrok documentation, API keys and authtokens",
        &["cr_", "ak_"],
        r"(?:cr|ak)_[A-Za-z0-9]{27}\b",
    )
    .check(is_random),
    token(
        "SECRET_STACKHAWK",
        "StackHawk documentation, API keys",
        &["hawk."],
        r"hawk\.[A-Za-z0-9_-]{20}\.[A-Za-z0-9_-]{20}\b",
    ),
    token(
        "SECRET_DEFINED_NETWORKING",
        "Defined Networking documentation, API tokens",
        &["dnkey-"],
        r"dnkey-[A-Za-z0-9_=-]{26}-[A-Za-z0-9_=-]{50,54}",
    ),
    Rule::named(
        "SECRET_SONARQUBE",
        "SonarQube documentation, analysis parameters",
        &["sonar.login", "sonar.token"],
        r"[ =:\x22']+",
        r"[a-f0-9]{40}\b",
    )
    .within()
    .check(is_filled),
];

/// 36 hexadecimal digits and the region's letters.
fn new_relic(view: &View<'_>) -> Verdict {
    let (length, ended) = view.run(0, |byte| byte.is_ascii_alphanumeric());
    let value = view.from.get(..length).unwrap_or_default();
    if !ended && length <= LICENSE {
        return Verdict::More;
    }
    let fits = length == LICENSE && value.ends_with(b"NRAL") && is_filled(value);
    if fits {
        Verdict::Yes { before: 0, length }
    } else {
        Verdict::No
    }
}

/// Six letters and digits, `_`, and 29 more before `_mmk`.
fn maxmind(view: &View<'_>) -> Verdict {
    let is_inner = |byte: &u8| byte.is_ascii_alphanumeric();
    let last = view
        .before
        .iter()
        .rev()
        .take_while(|byte| is_inner(byte))
        .count();
    let rest = view
        .before
        .len()
        .checked_sub(last)
        .and_then(|at| view.before.get(..at));
    let first = rest
        .and_then(|rest| rest.strip_suffix(b"_"))
        .unwrap_or_default();
    let first = first.iter().rev().take_while(|byte| is_inner(byte)).count();
    match view.from.get(MAXMIND) {
        None if view.open => Verdict::More,
        Some(next) if is_inner(next) => Verdict::No,
        _ if last == 29 && first == 6 => Verdict::Yes {
            before: first + 1 + last,
            length: MAXMIND,
        },
        _ => Verdict::No,
    }
}

const LICENSE: usize = 40;
const MAXMIND: usize = "_mmk".len();
