//! Promises of the catalogue of secrets. Every value is made by the test, so that none stands in a file.

mod named;
mod platforms;
mod services;

use super::streams::{in_pieces, whole};
use super::*;
use crate::rule::{Anchor, Rule, Shape};

/// A type, what is found as one, and what nearly is one: see [`made`].
pub(crate) type Example = (&'static str, &'static str, &'static str);

pub(crate) fn examples() -> impl Iterator<Item = &'static Example> {
    [platforms::EXAMPLES, services::EXAMPLES, named::EXAMPLES]
        .into_iter()
        .flatten()
}

/// The text of a template: `{h40}` are 40 hexadecimal digits made by chance, `{A…}` letters and
/// digits, `{U…}` and `{l…}` with large and with small letters only, `{L…}` letters, `{B…}` base 58, `{d…}` decimal digits, `{u}` a UUID.
pub(crate) fn made(template: &str) -> String {
    let mut chance = Chance(template.len() as u64);
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, more)) = rest.split_once('{') {
        let (gap, after) = more.split_once('}').unwrap();
        text += before;
        match gap.split_at_checked(1) {
            Some(("u", "")) => {
                let parts = [8, 4, 4, 4, 12].map(|length| chance.text(HEX, length));
                text += &parts.join("-");
            }
            Some((of, length)) if length.parse::<usize>().is_ok() => {
                let alphabet = match of {
                    "h" => HEX,
                    "d" => "3918274605",
                    "L" => "aZbYcXdWeVfUgThSiRjQkPlOmNnMoLpKqJrIsHtGuF",
                    "B" => "aZ7bYcX2dWeV8fUgT9hSiR4jQkP5mN6nMoL3pKqJrHtGuF",
                    "U" => "A7BCD2EFG8HJK9LMN4PQR5STU6VWX3YZ",
                    "l" => "a7bcd2efg8hjk9lmn4pqr5stu6vwx3yz",
                    _ => "aZ7bYcX2dWeV8fUgT9hSiR4jQkP5lOmN6nMoL3pKqJrIsHtGuF",
                };
                text += &chance.text(alphabet, length.parse().unwrap());
            }
            _ => text.extend(["{", gap, "}"]),
        }
        rest = after;
    }
    text + rest
}

const HEX: &str = "0a1b2c3d4e5f6789";

/// Knuth's generator: the same numbers in every run.
struct Chance(u64);

impl Chance {
    fn text(&mut self, alphabet: &str, length: usize) -> String {
        (0..length)
            .map(|_| {
                self.0 = self
                    .0
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let at = usize::try_from(self.0 >> 33).unwrap() % alphabet.len();
                char::from(alphabet.as_bytes()[at])
            })
            .collect()
    }
}

fn kinds_in(text: &str) -> Vec<&'static str> {
    found(text).into_iter().map(|(kind, _)| kind).collect()
}

#[test]
fn every_example_is_found_and_what_nearly_is_one_is_not() {
    let mut wrong = Vec::new();
    for (kind, found, near) in examples() {
        let (found, near) = (made(found), made(near));
        if !kinds_in(&format!("see {found} there")).contains(kind) {
            wrong.push(format!(
                "{kind} is not found in {found}: {:?}",
                kinds_in(&found)
            ));
        }
        if kinds_in(&format!("see {near} there")).contains(kind) {
            wrong.push(format!("{kind} is found in {near}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_finds_an_example_by_itself() {
    let checked = ["ghp_", "npm_"].map(|prefix| prefix.to_owned() + &with_crc(&made("{A30}")));
    let mut idle = Vec::new();
    for rule in crate::secrets::rules().filter(|rule| !is_vendor(rule)) {
        let scanner = Scanner::with([rule]).unwrap();
        let mut made = examples()
            .filter(|(kind, ..)| *kind == rule.kind)
            .map(|(_, example, _)| format!("see {} there", made(example)))
            .chain(checked.clone());
        if !made.any(|text| !scanner.scan(&text).is_empty()) {
            idle.push(format!(
                "{} ({}), {:?}",
                rule.kind, rule.source, rule.anchor
            ));
        }
    }
    assert!(idle.is_empty(), "no example for {}", idle.join("\n"));
}

#[test]
fn behind_the_name_of_every_vendor_a_key_is_found() {
    let key = made("{h33}{A7}");
    for rule in crate::secrets::rules().filter(|rule| is_vendor(rule)) {
        let Anchor::Names { names, .. } = rule.anchor else {
            panic!("{} has no name", rule.kind);
        };
        for name in names {
            let text = format!("{name}_API_KEY={key}");
            // One name may begin with another.
            let hits = found(&text);
            assert!(
                hits.iter().any(|(_, value)| *value == key),
                "{text}: {hits:?}"
            );
            let code = format!("{} = load_api_key(\"settings\")", name.to_lowercase());
            assert_eq!(found(&code), vec![]);
        }
    }
}

#[test]
fn a_github_token_with_the_right_check_digits_is_surer() {
    let body = made("{A30}");
    let right = format!("ghp_{}", with_crc(&body));
    let wrong = format!("ghp_{body}000000");
    let sure = |text: &str| SCANNER.scan(text).first().unwrap().confidence;
    assert!(sure(&right) > sure(&wrong));
}

/// With its CRC-32 in six digits of base 62, bit by bit as the standard defines it.
fn with_crc(body: &str) -> String {
    let mut crc = u32::MAX;
    for byte in body.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0xEDB8_8320
            } else {
                crc >> 1
            };
        }
    }
    let mut rest = !crc;
    let mut digits = Vec::new();
    for _ in 0..6 {
        let digit = u8::try_from(rest % 62).unwrap();
        digits.push(match digit {
            0..10 => b'0' + digit,
            10..36 => b'A' + digit - 10,
            _ => b'a' + digit - 36,
        });
        rest /= 62;
    }
    digits.reverse();
    body.to_owned() + std::str::from_utf8(&digits).unwrap()
}

fn is_vendor(rule: &Rule) -> bool {
    rule.source == "the vendor's documentation of its API, authentication"
}

#[test]
fn every_rule_has_a_small_automaton() {
    let mut known = std::collections::HashSet::new();
    for rule in crate::secrets::rules() {
        let Shape::Pattern { lead, value } = rule.shape else {
            continue;
        };
        if !known.insert((lead, value)) {
            continue;
        }
        let rules = crate::rules::Rules::new([rule]).unwrap();
        let program = rules.get(0).unwrap().program().expect(rule.kind);
        let lead = program
            .lead
            .as_ref()
            .map_or(0, crate::rules::Dfa::memory_usage);
        let size = lead + program.value.memory_usage();
        assert!(size < 160_000, "{} has {size} bytes", rule.source);
    }
}

#[test]
fn every_split_of_every_example_gives_the_same() {
    for (_, example, _) in examples() {
        let text = format!("see {} there", made(example));
        let expected = whole(None, &text);
        let middle = text.len() / 2;
        for at in [5, 9, middle - 1, middle, text.len() - 8, text.len() - 6] {
            let (left, right) = text.as_bytes().split_at(at.min(text.len()));
            assert_eq!(
                in_pieces(None, [left, right]),
                expected,
                "at {at} of {text}"
            );
        }
        assert_eq!(
            in_pieces(None, text.as_bytes().chunks(1)),
            expected,
            "bytes of {text}"
        );
    }
}

#[test]
fn the_catalogue_names_more_than_sixty_kinds_of_secrets_and_a_source_for_each() {
    let kinds: std::collections::HashSet<_> =
        crate::secrets::rules().map(|rule| rule.kind).collect();
    assert!(kinds.len() > 60, "{}", kinds.len());
    assert!(
        crate::secrets::rules()
            .all(|rule| rule.kind.starts_with("SECRET_") && rule.source.len() > 5)
    );
}

#[test]
fn placeholders_are_no_secrets() {
    for text in [
        format!("ghp_{}", "x".repeat(36)),
        format!("AKIA{}EXAMPLE", "IOSFODNN7"),
        "password = <your-password>".to_owned(),
        "password: changeme".to_owned(),
        "api_key = ${API_KEY}".to_owned(),
        "token: {{ .Values.token }}".to_owned(),
        "PASSWORD=%s".to_owned(),
        "secret_key = \"your_secret_key_1a2b3c\"".to_owned(),
        "postgres://user:password@host/db".to_owned(),
        "postgres://user:${PASSWORD}@host/db".to_owned(),
        "Authorization: Bearer <token>".to_owned(),
        "Authorization: Bearer XXXXXXXXXXXXXXXX".to_owned(),
        "datadog_api_key = 00000000000000000000000000000000".to_owned(),
    ] {
        assert_eq!(found(&text), vec![], "{text}");
    }
}

#[test]
fn prose_code_hashes_and_identifiers_are_no_secrets() {
    for text in [
        made("commit {h40}"),
        made("sha256:{h64}"),
        made("id {u}, trace {h32}"),
        "2026-11-21T18:07:54.123Z token refreshed".to_owned(),
        "let password = config.get(\"database.password\");".to_owned(),
        "password: string, token: Token, secret?: string".to_owned(),
        "if password == user.password2 { return token }".to_owned(),
        "self.api_key = os.environ[\"API_KEY\"]".to_owned(),
        "The token is 32 bytes long and the password must have 8 characters.".to_owned(),
        "Stripe, GitHub and Slack need a key; close the front box.".to_owned(),
        "https://example.com:8080/path?key=value".to_owned(),
        "https://user@example.com/".to_owned(),
        "metadata token: the line secret close".to_owned(),
        made("\"cache_key\": \"{h32}\""),
        made("public_key = ssh-ed25519"),
        made("AZURE_CLIENT_ID={u}"),
        made("auth0.clientId: '{A32}'"),
        made("\"slack_client_id\": \"{h32}\""),
    ] {
        assert_eq!(
            found(&text)
                .into_iter()
                .filter(|(kind, _)| kind.starts_with("SECRET"))
                .collect::<Vec<_>>(),
            vec![],
            "{text}"
        );
    }
}

/// Whatever it stands under, and beside whatever words.
#[test]
fn what_stands_for_a_value_is_no_data_itself() {
    let mut found = Vec::new();
    let digits = ["9f83a7d120bc4e57", "123a456b789c012d"];
    let kinds: Vec<_> = SCANNER.kinds().chain(["PARAMETER"]).collect();
    for (kind, digits) in kinds.iter().flat_map(|kind| digits.map(|it| (kind, it))) {
        for name in [format!("[{kind}:{digits}]"), format!("[{kind}#{digits}]")] {
            for field in ["password", "api_key", "secret", "token", "card", "ssn", "x"] {
                let hits = SCANNER.scan_field(&Field::part(Some(field), &name));
                found.extend(
                    hits.into_iter()
                        .map(|hit| (hit.kind, format!("{field} {name}"))),
                );
            }
            for words in [
                "password is ",
                "secret: ",
                "token=",
                "Authorization: Bearer ",
                "phone ",
            ] {
                let text = format!("my {words}{name}, and so on");
                let hits = SCANNER.scan(&text);
                found.extend(hits.into_iter().map(|hit| (hit.kind, text.clone())));
            }
        }
    }
    assert_eq!(found.len(), 0, "{:#?}", found.get(..found.len().min(40)));
    let hidden = format!("[CREDIT_CARD:{}]", card("4", 16));
    assert_eq!(SCANNER.scan(&hidden).len(), 1);
}

#[test]
fn nothing_hides_where_the_type_of_a_name_would_stand() {
    let key = concat!("AKIA", "Q7Q7Q7Q7Q7Q7Q7Q7");
    for value in [card("4", 16), key.to_owned()] {
        for sign in [':', '#'] {
            let text = format!("see [{value}{sign}abcdefabcdefabcd] there");
            assert_ne!(SCANNER.scan(&text), [], "{text}");
        }
    }
}

#[test]
fn a_password_in_a_url_has_any_length() {
    for length in [3, 100, 159, 160, 200, 225, 240, 250, 256, 300, 1000, 5999] {
        let password = &Chance(7).text(HEX, length);
        for user in ["", "app", "a.long-name_of_somebody"] {
            for (scheme, host) in [
                ("postgres", "@db.example:5432/x"),
                ("https", "@h.io"),
                ("redis", "@10.1.2.3"),
            ] {
                let text = format!("to {scheme}://{user}:{password}{host} now");
                let hits = found(&text);
                let (_, hit) = &hits[0];
                assert!(hit.contains(password), "{length} {user}: {hits:?}");
                assert!(hit.len() <= length + 64, "{length} {user}: {hits:?}");
            }
        }
        let text = format!("to https://app:{password}@h.io now");
        let pieces = in_pieces(None, text.as_bytes().chunks(64));
        assert_eq!(pieces, whole(None, &text), "{length}");
    }
}

#[test]
fn a_password_is_found_behind_words_of_other_languages() {
    for before in [
        "la contraseña es",
        "contraseña:",
        "a senha é",
        "la password è",
        "mot\u{a0}de\u{a0}passe\u{a0}:",
    ] {
        let text = format!("{before} Sommer2026");
        assert!(kinds_in(&text).contains(&"SECRET_PASSWORD"), "{text}");
        let text = format!("{before} obligatoire");
        assert!(!kinds_in(&text).contains(&"SECRET_PASSWORD"), "{text}");
    }
}
