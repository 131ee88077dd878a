//! Tokens of hosting, of networks, and of what deploys there and keeps secrets.

use super::token;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    token(
        "SECRET_CLOUDFLARE",
        "Cloudflare documentation, Origin CA keys",
        &["v1.0-"],
        r"v1\.0-[a-f0-9]{24}-[a-f0-9]{146}\b",
    ),
    token(
        "SECRET_HEROKU",
        "Heroku Platform API reference",
        &["HRKU-"],
        r"HRKU-[A-Za-z0-9_-]{36,64}",
    ),
    token(
        "SECRET_FLYIO",
        "Fly.io documentation, access tokens",
        &["fo1_"],
        r"fo1_[A-Za-z0-9_-]{43}\b",
    ),
    token(
        "SECRET_FLYIO",
        "Fly.io documentation, macaroons",
        &["fm1_", "fm1a_", "fm1r_", "fm2_"],
        r"fm[12][ar]?_[A-Za-z0-9+/]{90,}={0,3}",
    ),
    token(
        "SECRET_RENDER",
        "Render API documentation",
        &["rnd_"],
        r"rnd_[A-Za-z0-9]{28,36}\b",
    ),
    token(
        "SECRET_NETLIFY",
        "Netlify documentation, access tokens",
        &["nfp_", "nfc_", "nfo_", "nfb_", "nfu_"],
        r"nf[pcobu]_[A-Za-z0-9_-]{36,44}\b",
    ),
    token(
        "SECRET_VERCEL",
        "Vercel documentation, tokens",
        &["vcp_", "vci_", "vca_", "vcr_", "vck_", "vercel_blob_rw_"],
        r"(?:vc[pciark]_[A-Za-z0-9_]{24,64}|vercel_blob_rw_[A-Za-z0-9]{16}_[A-Za-z0-9]{30})\b",
    ),
    token(
        "SECRET_SUPABASE",
        "Supabase documentation, access tokens and secret keys",
        &["sbp_", "sb_secret_"],
        r"(?:sbp_[a-z0-9]{40}|sb_secret_[A-Za-z0-9_-]{31,48})\b",
    ),
    token(
        "SECRET_PULUMI",
        "Pulumi Cloud documentation, access tokens",
        &["pul-"],
        r"pul-[a-f0-9]{40}\b",
    ),
    token(
        "SECRET_DOPPLER",
        "Doppler documentation, token formats",
        &["dp."],
        r"dp\.(?:ct|pt|sa|scim|audit|said|st(?:\.[a-z0-9_-]{2,35})?)\.[A-Za-z0-9]{40,44}\b",
    ),
    token(
        "SECRET_INFISICAL",
        "Infisical documentation, service tokens",
        &["st."],
        r"st\.[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}\.[a-f0-9]{32}\.[a-f0-9]{32}\b",
    ),
    token(
        "SECRET_1PASSWORD",
        "1Password developer documentation, service accounts",
        &["ops_eyJ"],
        r"ops_eyJ[A-Za-z0-9+/_-]{100,}={0,3}",
    ),
    token(
        "SECRET_1PASSWORD",
        "1Password security design, Secret Keys",
        &["A3-"],
        r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}\b",
    ),
    token(
        "SECRET_OPENSHIFT",
        "OpenShift documentation, OAuth access tokens",
        &["sha256~"],
        r"sha256~[A-Za-z0-9_-]{43}\b",
    ),
    token(
        "SECRET_RANCHER",
        "Rancher documentation, API keys",
        &["token-"],
        r"token-[a-z0-9]{5}:[a-z0-9]{54}\b",
    ),
    token(
        "SECRET_TAILSCALE",
        "Tailscale documentation, key prefixes",
        &["tskey-"],
        r"tskey-(?:auth-|api-|client-|scim-|webhook-)?[A-Za-z0-9]{8,20}(?:CNTRL)?-[A-Za-z0-9]{16,40}\b",
    ),
    token(
        "SECRET_SCALINGO",
        "Scalingo developer documentation",
        &["tk-us-"],
        r"tk-us-[A-Za-z0-9_-]{48}\b",
    ),
    token(
        "SECRET_PREFECT",
        "Prefect Cloud documentation",
        &["pnu_", "pnb_"],
        r"pn[ub]_[A-Za-z0-9]{36}\b",
    ),
    token(
        "SECRET_AKAMAI",
        "Akamai EdgeGrid documentation",
        &["akab-"],
        r"akab-[a-z0-9]{16}-[a-z0-9]{16}\b",
    ),
    token(
        "SECRET_JUMPCLOUD",
        "JumpCloud API documentation",
        &["jca_"],
        r"jca_[A-Za-z0-9]{36}\b",
    ),
];
