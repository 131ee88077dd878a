//! Keys of services that people and teams work with: notes, tasks, design, sites, maps, social networks.

use super::token;
use crate::checks::chance::is_random;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    token(
        "SECRET_NOTION",
        "Notion developer documentation, integration tokens",
        &["ntn_", "secret_"],
        r"(?:ntn_[0-9]{11}[A-Za-z0-9]{35}|secret_[A-Za-z0-9]{43})\b",
    )
    .check(is_random),
    token(
        "SECRET_LINEAR",
        "Linear developer documentation",
        &["lin_api_", "lin_oauth_"],
        r"lin_(?:api_[A-Za-z0-9]{40}|oauth_[a-f0-9]{64})\b",
    ),
    token(
        "SECRET_FIGMA",
        "Figma developer documentation",
        &["figd_", "figo_", "figor_", "figoh_"],
        r"fig(?:d|o|or|oh)_[A-Za-z0-9_-]{36,48}",
    ),
    token(
        "SECRET_ASANA",
        "Asana developer documentation, personal access tokens",
        &["1/1", "2/1"],
        r"(?:1/1[0-9]{14,16}:[a-f0-9]{32}|2/1[0-9]{14,16}/[0-9]{15,17}:[a-f0-9]{32})\b",
    ),
    token(
        "SECRET_CLICKUP",
        "ClickUp API documentation",
        &["pk_"],
        r"pk_[0-9]{5,12}_[A-Z0-9]{32}\b",
    ),
    token(
        "SECRET_TYPEFORM",
        "Typeform developer documentation",
        &["tfp_"],
        r"tfp_[A-Za-z0-9_.=-]{40,64}",
    ),
    token(
        "SECRET_CONTENTFUL",
        "Contentful documentation, personal access tokens",
        &["CFPAT-"],
        r"CFPAT-[A-Za-z0-9_-]{43}",
    ),
    token(
        "SECRET_FRAMEIO",
        "Frame.io developer documentation",
        &["fio-u-"],
        r"fio-u-[A-Za-z0-9_=-]{64}",
    ),
    token(
        "SECRET_README",
        "ReadMe documentation, API keys",
        &["rdme_"],
        r"rdme_[a-z0-9]{70}\b",
    ),
    token(
        "SECRET_HUBSPOT",
        "HubSpot developer documentation, private apps",
        &["pat-"],
        r"pat-[a-z]{2}[0-9]-[A-Fa-f0-9]{8}(?:-[A-Fa-f0-9]{4}){3}-[A-Fa-f0-9]{12}\b",
    ),
    token(
        "SECRET_SALESFORCE",
        "Salesforce documentation, session ids and access tokens",
        &["00D"],
        r"00D[A-Za-z0-9]{9,15}![A-Za-z0-9._]{80,120}",
    ),
    token(
        "SECRET_FACEBOOK",
        "Meta for Developers, access tokens",
        &["EAA"],
        r"EAA[A-Za-z0-9]{60,}(?:ZD)?\b",
    )
    .check(is_random),
    token(
        "SECRET_INSTAGRAM",
        "Meta for Developers, Instagram tokens",
        &["IGQ"],
        r"IG[A-Z]{2,3}[A-Za-z0-9_-]{80,}",
    )
    .check(is_random),
    token(
        "SECRET_TWITTER",
        "X developer documentation, app-only bearer tokens",
        &["AAAAAAAAAAAAAAAAAAAA"],
        r"A{20,24}[A-Za-z0-9%]{40,}",
    )
    .check(is_twitter),
    token(
        "SECRET_DROPBOX",
        "Dropbox developer documentation, short-lived tokens",
        &["sl."],
        r"sl\.(?:u\.)?[A-Za-z0-9_=-]{60,}",
    )
    .check(is_random),
    token(
        "SECRET_MAPBOX",
        "Mapbox documentation, access tokens",
        &["pk.eyJ", "sk.eyJ", "tk.eyJ"],
        r"[pst]k\.eyJ[A-Za-z0-9_-]{20,250}\.[A-Za-z0-9_-]{18,26}\b",
    ),
    token(
        "SECRET_PUBNUB",
        "PubNub documentation, keys",
        &["pub-c-", "sub-c-", "sec-c-"],
        r"(?:pub|sub)-c-[a-z0-9]{8}(?:-[a-z0-9]{4}){3}-[a-z0-9]{12}\b|sec-c-[A-Za-z0-9+/=]{40,60}",
    ),
    token(
        "SECRET_WORKOS",
        "WorkOS documentation, API keys",
        &["sk_test_a2V5", "sk_live_a2V5"],
        r"sk_(?:test|live)_a2V5[A-Za-z0-9_]{30,80}\b",
    ),
    token(
        "SECRET_CALCOM",
        "Cal.com documentation, API keys",
        &["cal_live_", "cal_test_"],
        r"cal_(?:live|test)_[a-f0-9]{32}\b",
    ),
    token(
        "SECRET_DUB",
        "Dub documentation, API keys",
        &["dub_"],
        r"dub_[A-Za-z0-9]{24}\b",
    )
    .check(is_random),
    token(
        "SECRET_PIPEDRIVE",
        "Pipedrive documentation, OAuth tokens",
        &["v1u:"],
        r"v1u:[A-Za-z0-9:_+/=-]{40,}",
    )
    .check(is_random),
    token(
        "SECRET_CLOUDFLARE_TURNSTILE",
        "Cloudflare documentation, Turnstile secret keys",
        &["0x4AAAAAAA"],
        r"0x4AAAAAAA[A-Za-z0-9_-]{18,28}",
    ),
    token(
        "SECRET_BITCOIN_PRIVATE_KEY",
        "Bitcoin Improvement Proposal 32, extended private keys",
        &["xprv", "yprv", "zprv", "tprv"],
        r"[xyzt]prv[1-9A-HJ-NP-Za-km-z]{107,108}\b",
    ),
    token(
        "SECRET_ROOTLY",
        "Rootly documentation, API keys",
        &["rootly_"],
        r"rootly_[a-f0-9]{64}\b",
    ),
    token(
        "SECRET_AUTHRESS",
        "Authress documentation, service clients",
        &["sc_", "ext_", "scauth_", "authress_"],
        concat!(
            r"(?:sc|ext|scauth|authress)_[A-Za-z0-9]{5,30}\.[A-Za-z0-9]{4,6}",
            r"\.acc[_-][A-Za-z0-9-]{10,32}\.[A-Za-z0-9+/_=-]{30,120}"
        ),
    ),
];

/// Its beginning is one letter many times, which elsewhere is no secret.
fn is_twitter(value: &[u8]) -> bool {
    let start = value.iter().position(|byte| *byte != b'A').unwrap_or(0);
    value.get(start..).is_some_and(is_random)
}
