//! Hashes of passwords, as systems store them: who has one may try passwords without being noticed.

use super::is_filled;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    hash(
        "crypt(5), bcrypt",
        &["$2a$", "$2b$", "$2y$", "$2x$"],
        r"\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{53}",
    ),
    hash(
        "crypt(5), sha256crypt",
        &["$5$"],
        r"\$5\$(?:rounds=[0-9]+\$)?[^$:\s]{1,16}\$[./A-Za-z0-9]{43}",
    ),
    hash(
        "crypt(5), sha512crypt",
        &["$6$"],
        r"\$6\$(?:rounds=[0-9]+\$)?[^$:\s]{1,16}\$[./A-Za-z0-9]{86}",
    ),
    hash(
        "crypt(5), md5crypt and the one of Apache",
        &["$1$", "$apr1$"],
        r"\$(?:1|apr1)\$[./A-Za-z0-9]{0,8}\$[./A-Za-z0-9]{22}",
    ),
    hash(
        "crypt(5), yescrypt and scrypt",
        &["$y$", "$7$", "$gy$"],
        r"\$(?:y|7|gy)\$[./A-Za-z0-9]{3,64}\$[./A-Za-z0-9]{1,86}\$?[./A-Za-z0-9]{20,86}",
    ),
    hash(
        "RFC 9106; the reference implementation's encoding",
        &["$argon2"],
        r"\$argon2(?:id|i|d)\$v=[0-9]+\$m=[0-9]+,t=[0-9]+,p=[0-9]+\$[A-Za-z0-9+/]{8,}\$[A-Za-z0-9+/]{16,}",
    ),
    hash(
        "Passlib documentation, modular crypt format",
        &["$pbkdf2", "$scrypt$"],
        r"\$(?:pbkdf2(?:-sha(?:1|256|512))?|scrypt)\$[a-z0-9=,]+\$[A-Za-z0-9./+]{8,}\$[A-Za-z0-9./+]{20,}",
    ),
    hash(
        "Django documentation, password management",
        &["pbkdf2_sha", "bcrypt_sha256$"],
        concat!(
            r"(?:pbkdf2_sha(?:1|256)\$[0-9]+\$[A-Za-z0-9]{8,}\$[A-Za-z0-9+/]{20,}={0,2}",
            r"|bcrypt_sha256\$\$2b\$[0-9]{2}\$[./A-Za-z0-9]{53})"
        ),
    ),
    hash(
        "phpass, portable hashes",
        &["$P$", "$H$"],
        r"\$[PH]\$[./A-Za-z0-9]{31}\b",
    ),
    hash(
        "RFC 2307, LDAP",
        &["{SSHA", "{SHA", "{SMD5}", "{CRYPT}"],
        r"\{(?:S?SHA(?:256|384|512)?|SMD5|CRYPT)\}[A-Za-z0-9+/$.]{24,}={0,2}",
    ),
    hash(
        "Cisco documentation, types 8 and 9",
        &["$8$", "$9$"],
        r"\$[89]\$[./A-Za-z0-9]{14}\$[./A-Za-z0-9]{43}",
    ),
    hash(
        "Kerberos tickets, as hashcat and John the Ripper write them",
        &["$krb5"],
        r"\$krb5(?:asrep|tgs|pa)\$[0-9]{1,2}\$[^\s\x22']{32,}",
    ),
    Rule::literal(
        "SECRET_PASSWORD_HASH",
        "Ansible documentation, vault",
        &["$ANSIBLE_VAULT;"],
        r"\$ANSIBLE_VAULT;[0-9.]+;AES(?:256)?[^\n]*\n(?:\s*[a-f0-9]{8,}\n?)+",
    ),
];

const fn hash(
    source: &'static str,
    beginnings: &'static [&'static str],
    pattern: &'static str,
) -> Rule {
    Rule::literal("SECRET_PASSWORD_HASH", source, beginnings, pattern).check(is_filled)
}
