//! Tokens of code hosts and of registries of packages.

use super::{is_filled, token};
use crate::checks::chance::{is_mixed, is_random};
use crate::checks::crc::crc_62;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    token("SECRET_GITHUB", GITHUB, GITHUB_BEGINNINGS, GITHUB_TOKEN).check(crc_62),
    // Not of the real GitHub, perhaps of a server of one's own or of a test: less sure.
    token("SECRET_GITHUB", GITHUB, GITHUB_BEGINNINGS, GITHUB_TOKEN).lifted(&[], 70, 70),
    token(
        "SECRET_GITHUB",
        GITHUB,
        &["github_pat_"],
        r"github_pat_[A-Za-z0-9_]{82}\b",
    ),
    token(
        "SECRET_GITHUB",
        "GitHub Docs, tokens of apps before 2021",
        &["v1."],
        r"v1\.[a-f0-9]{40}\b",
    ),
    token(
        "SECRET_GITLAB",
        GITLAB,
        &[
            "glpat-", "gldt-", "glrt-", "glft-", "glimt-", "glsoat-", "glffct-", "glwt-", "glrtr-",
            "gluatr-",
        ],
        r"gl(?:(?:pat|dt|rt|ft|soat|ffct|wt|rtr|uatr)-[A-Za-z0-9_-]{20}|imt-[A-Za-z0-9_-]{25})\b",
    ),
    token(
        "SECRET_GITLAB",
        "GitLab documentation, routable tokens",
        &["glpat-", "glrt-", "glcbt-", "gldt-"],
        r"gl(?:pat|rt|cbt|dt)-(?:t[0-9]_)?[A-Za-z0-9_-]{27,250}\.[a-z0-9]{2}\.?[a-z0-9]{7}\b",
    ),
    token(
        "SECRET_GITLAB",
        GITLAB,
        &["glcbt-"],
        r"glcbt-[A-Za-z0-9]{1,5}_[A-Za-z0-9_-]{20}\b",
    ),
    token(
        "SECRET_GITLAB",
        GITLAB,
        &["glptt-"],
        r"glptt-[a-f0-9]{40}\b",
    ),
    token(
        "SECRET_GITLAB",
        GITLAB,
        &["glagent-"],
        r"glagent-[A-Za-z0-9_-]{50}\b",
    ),
    token(
        "SECRET_GITLAB",
        GITLAB,
        &["gloas-"],
        r"gloas-[A-Za-z0-9_-]{64}\b",
    ),
    token(
        "SECRET_GITLAB",
        GITLAB,
        &["GR1348941"],
        r"GR1348941[A-Za-z0-9_-]{20}\b",
    ),
    Rule::led(
        "SECRET_GITLAB",
        "GitLab documentation, session cookies",
        &["_gitlab_session="],
        r"_gitlab_session=",
        r"[a-f0-9]{32}\b",
    )
    .check(is_filled),
    token(
        "SECRET_BITBUCKET",
        "Bitbucket Cloud documentation, app passwords",
        &["ATBB"],
        r"ATBB[A-Za-z0-9_=.-]{32}\b",
    ),
    token(
        "SECRET_ATLASSIAN",
        "Atlassian support, API tokens",
        &["ATATT3", "ATCTT3"],
        r"AT[AC]TT3[A-Za-z0-9_=-]{60,}",
    ),
    token("SECRET_NPM", NPM, &["npm_"], r"npm_[A-Za-z0-9]{36}\b").check(crc_62),
    token("SECRET_NPM", NPM, &["npm_"], r"npm_[A-Za-z0-9]{36}\b").lifted(&[], 70, 70),
    Rule::led(
        "SECRET_NPM",
        "npm documentation, .npmrc",
        &[":_authToken"],
        r":_authToken *= *",
        r"[A-Za-z0-9_-]{20,}",
    )
    .check(is_random),
    token(
        "SECRET_PYPI",
        "PyPI help, API tokens",
        &["pypi-AgEIcHlwaS5vcmc", "pypi-AgENdGVzdC5weXBpLm9yZw"],
        r"pypi-Ag[A-Za-z0-9_-]{70,}",
    ),
    token(
        "SECRET_RUBYGEMS",
        "RubyGems guides, API keys",
        &["rubygems_"],
        r"rubygems_[a-f0-9]{48}\b",
    ),
    token(
        "SECRET_CRATES_IO",
        "crates.io, API tokens",
        &["cio"],
        r"cio[A-Za-z0-9]{32}\b",
    )
    .check(is_random),
    token(
        "SECRET_NUGET",
        "NuGet documentation, API keys",
        &["oy2"],
        r"oy2[a-z0-9]{43}\b",
    ),
    token(
        "SECRET_CLOJARS",
        "Clojars wiki, deploy tokens",
        &["CLOJARS_"],
        r"CLOJARS_[A-Za-z0-9]{60}\b",
    ),
    token(
        "SECRET_DOCKER",
        "Docker documentation, access tokens",
        &["dckr_pat_", "dckr_oat_"],
        r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,34}",
    ),
    token(
        "SECRET_JFROG",
        "JFrog documentation, API keys",
        &["AKC"],
        r"AKC[A-Za-z0-9]{64,74}\b",
    ),
    token(
        "SECRET_JFROG",
        "JFrog documentation, reference tokens",
        &["cmVmdGtu"],
        r"cmVmdGtu[A-Za-z0-9]{50,64}\b",
    ),
    Rule::led(
        "SECRET_JFROG",
        "JFrog documentation, API keys and encrypted passwords",
        &["X-JFrog-Art-Api", "artifactory"],
        r"(?:X-JFrog-Art-Api|artifactory[A-Za-z0-9_.-]{0,16})[ :='\x22]{1,4}(?:_password=)?",
        r"(?:AKC[A-Za-z0-9]{10,}|AP[A-F0-9][A-Za-z0-9]{8,}|[A-Za-z0-9]{60,76})",
    )
    .check(is_mixed),
    token(
        "SECRET_SOURCEGRAPH",
        "Sourcegraph documentation, access tokens",
        &["sgp_"],
        r"sgp_(?:(?:[A-Fa-f0-9]{16}|local)_)?[A-Fa-f0-9]{40}\b",
    ),
    token(
        "SECRET_SOURCEGRAPH",
        "Sourcegraph documentation, licences and dotcom tokens",
        &["slk_", "sgd_"],
        r"s(?:lk|gd)_[A-Fa-f0-9]{64}\b",
    ),
];

const GITHUB: &str = "GitHub Docs, about authentication: token formats";
const GITHUB_BEGINNINGS: &[&str] = &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"];
const GITHUB_TOKEN: &str = r"gh(?:[pousr]_[A-Za-z0-9]{36}|r_[A-Za-z0-9]{76})\b";
const GITLAB: &str = "GitLab documentation, token overview: prefixes";
const NPM: &str = "GitHub blog, npm's new access token format";
