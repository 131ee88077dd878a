//! Tokens of what builds, checks and runs code.

use super::{is_filled, token};
use crate::checks::chance::{is_mixed, is_random};
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::named(
        "SECRET_CODECLIMATE",
        "Code Climate documentation, test reporter",
        &["CC_TEST_REPORTER_ID"],
        r"[\x22']?[ :=]+[\x22']?",
        r"[a-f0-9]{64}\b",
    ),
    Rule::named(
        "SECRET_JENKINS",
        "Jenkins documentation, unlocking: the first password",
        &["proceed to installation", "initialAdminPassword"],
        r"[ :=]*\s*",
        r"[a-f0-9]{32}\b",
    ),
    token(
        "SECRET_CIRCLECI",
        "CircleCI documentation, API tokens",
        &["CCIPAT_", "CCIPRJ_"],
        r"CCIP(?:AT|RJ)_[A-Za-z0-9]{20,26}_[A-Za-z0-9]{40}\b",
    ),
    token(
        "SECRET_BUILDKITE",
        "Buildkite documentation, API access tokens",
        &["bkua_", "bkaj_", "bkcq_"],
        r"bk(?:ua|aj|cq)_[A-Za-z0-9]{40}\b",
    ),
    token(
        "SECRET_CODEMAGIC",
        "Codemagic documentation",
        &["codemagic_"],
        r"codemagic_[A-Za-z0-9_-]{32,48}",
    )
    .check(is_mixed),
    token(
        "SECRET_OCTOPUS_DEPLOY",
        "Octopus Deploy documentation, API keys",
        &["API-"],
        r"API-[A-Z0-9]{25,32}\b",
    )
    .check(is_mixed),
    token(
        "SECRET_SONARQUBE",
        "SonarQube documentation, token prefixes",
        &["sqp_", "squ_", "sqa_", "sqb_"],
        r"sq[upab]_[A-Za-z0-9]{40}\b",
    ),
    token(
        "SECRET_DEPENDENCYTRACK",
        "Dependency-Track documentation",
        &["odt_"],
        r"odt_(?:[A-Za-z0-9]{8}_)?[A-Za-z0-9]{32}\b",
    ),
    token(
        "SECRET_ENDOR_LABS",
        "Endor Labs documentation",
        &["endr+"],
        r"endr\+[A-Za-z0-9-]{16,40}",
    )
    .check(is_random),
    token(
        "SECRET_HARNESS",
        "Harness documentation, API keys",
        &["pat.", "sat."],
        r"[ps]at\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}\b",
    ),
    token(
        "SECRET_JETBRAINS",
        "YouTrack and Hub documentation, permanent tokens",
        &["perm:", "perm-"],
        r"perm[:-][A-Za-z0-9=]{4,64}\.[A-Za-z0-9=-]{2,64}\.[A-Za-z0-9]{30,64}",
    ),
    token(
        "SECRET_POSTMAN",
        "Postman documentation, API keys",
        &["PMAK-", "PMAT-"],
        r"PMA(?:K-[a-f0-9]{24}-[a-f0-9]{34}|T-[A-Z0-9]{26})\b",
    ),
    token(
        "SECRET_SNYK",
        "Snyk documentation, tokens",
        &["snyk_"],
        r"snyk_(?:uat|sat|pat|oat)\.[a-z0-9]{8}\.[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9_-]+)?",
    ),
    token(
        "SECRET_SOCKET",
        "Socket documentation",
        &["sktsec_"],
        r"sktsec_[A-Za-z0-9_-]{30,60}",
    ),
    token(
        "SECRET_INFRACOST",
        "Infracost documentation",
        &["ico-"],
        r"ico-[A-Za-z0-9]{32}\b",
    ),
    token(
        "SECRET_LOCALSTACK",
        "LocalStack documentation",
        &["ls-"],
        r"ls-[A-Za-z0-9]{8}-[A-Za-z0-9]{4}-[A-Za-z0-9]{4}-[A-Za-z0-9]{4}-[A-Za-z0-9]{12}\b",
    )
    .check(is_random),
    token(
        "SECRET_DJANGO",
        "Django documentation, settings: SECRET_KEY",
        &["django-insecure-"],
        r"django-insecure-[^\s\x22'`\\]{30,64}",
    ),
    token(
        "SECRET_TRIGGER_DEV",
        "Trigger.dev documentation",
        &["tr_dev_", "tr_prod_", "tr_stg_", "tr_pat_"],
        r"tr_(?:dev|prod|stg|pat)_[A-Za-z0-9]{18,44}\b",
    ),
    token(
        "SECRET_INNGEST",
        "Inngest documentation",
        &["signkey-"],
        r"signkey-(?:prod|test|branch)-[a-f0-9]{32,64}\b",
    ),
    token(
        "SECRET_SVIX",
        "Standard Webhooks specification",
        &["whsec_"],
        r"whsec_[A-Za-z0-9+/=_-]{24,80}",
    ),
    token(
        "SECRET_JENKINS",
        "Jenkins documentation, API tokens",
        &["11"],
        r"11[a-f0-9]{32}\b",
    )
    .needs(&["jenkins", "hudson", "crumb"]),
    token(
        "SECRET_CONFIGCAT",
        "ConfigCat documentation",
        &["configcat-sdk-1/"],
        r"configcat-sdk-1/[A-Za-z0-9_-]{22}/[A-Za-z0-9_-]{22}",
    ),
    token(
        "SECRET_UNKEY",
        "Unkey documentation",
        &["unkey_"],
        r"unkey_[A-Za-z0-9]{20,32}\b",
    ),
    token(
        "SECRET_TEAMCITY",
        "TeamCity documentation, access tokens",
        &["eyJ0eXAiOiAiVENWMiJ9."],
        r"eyJ0eXAiOiAiVENWMiJ9\.[A-Za-z0-9_-]{20,48}\.[A-Za-z0-9_-]{30,64}",
    ),
    Rule::named(
        "SECRET_JENKINS",
        "Jenkins documentation, CSRF protection",
        &["Jenkins-Crumb"],
        r"[\x22']?\s?[:=]\s?[\x22']?",
        r"[a-f0-9]{32,64}\b",
    )
    .check(is_filled),
];
