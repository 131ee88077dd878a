//! Promises of the scanner. Every value here is made up by the test that uses it.

mod page;
mod pii;
pub(crate) mod properties;
pub(crate) mod secrets;
pub(crate) mod streams;

use std::sync::LazyLock;

use super::*;

pub(crate) static SCANNER: LazyLock<Scanner> = LazyLock::new(|| Scanner::new().unwrap());

pub(crate) fn found(text: &str) -> Vec<(&'static str, String)> {
    hits(None, text)
}

fn hits(name: Option<&str>, text: &str) -> Vec<(&'static str, String)> {
    let scan = SCANNER.scan_field(&Field { name, text });
    scan.into_iter()
        .map(|hit| (hit.kind, text.get(hit.range).unwrap().to_owned()))
        .collect()
}

pub(crate) fn only(kind: &'static str, value: &str) -> Vec<(&'static str, String)> {
    vec![(kind, value.to_owned())]
}

fn redacted(text: &str) -> String {
    let scanner = &*SCANNER;
    let kinds: Vec<&str> = scanner.kinds().collect();
    scanner
        .redact(text, &kinds)
        .unwrap_or_else(|| text.to_owned())
}

/// A number with this prefix and length whose check digit is right.
pub(crate) fn card(prefix: &str, length: usize) -> String {
    let mut digits = prefix.to_owned();
    for at in prefix.len()..length - 1 {
        digits.push(char::from(b'0' + u8::try_from(at * 7 % 10).unwrap()));
    }
    (0..10)
        .map(|last| format!("{digits}{last}"))
        .find(|number| luhn(number))
        .unwrap()
}

/// The check as its definition has it, from the right, every second digit doubled.
fn luhn(number: &str) -> bool {
    let digit_sum = |n: u32| n / 10 + n % 10;
    let digits = number.chars().rev().map(|c| c.to_digit(10).unwrap());
    digits
        .enumerate()
        .map(|(at, d)| if at % 2 == 1 { digit_sum(d * 2) } else { d })
        .sum::<u32>()
        % 10
        == 0
}

fn grouped(number: &str, sizes: &[usize], separator: &str) -> String {
    let mut rest = number;
    let mut groups = Vec::new();
    for size in sizes {
        let (group, tail) = rest.split_at(*size);
        groups.push(group);
        rest = tail;
    }
    groups.join(separator)
}

fn secret() -> String {
    "aB3/dE5f+G".repeat(4)
}

pub(crate) fn pem(body: &str) -> String {
    format!("-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----")
}

#[test]
fn an_address_is_found_without_the_punctuation_around_it() {
    for text in [
        "<ann@shop.example>",
        "write to ann@shop.example.",
        "'ann@shop.example'",
        "to=ann@shop.example&x",
    ] {
        assert_eq!(
            found(text),
            only("EMAIL_ADDRESS", "ann@shop.example"),
            "{text}"
        );
    }
}

#[test]
fn tags_dots_and_other_scripts_belong_to_the_address() {
    for address in [
        "a.b+tag@shop.example",
        "o'neil_7@sub-1.shop.example",
        "jürgen@bücher.example",
        "иван@почта.рф",
        "x@y.xn--p1ai",
    ] {
        assert_eq!(
            found(&format!("an {address} there")),
            only("EMAIL_ADDRESS", address)
        );
    }
}

#[test]
fn an_at_sign_alone_is_no_address() {
    for text in [
        "@",
        "a@",
        "@b.example",
        "package@1.2.3",
        "user@host",
        "a.@b.example",
        "a@.example",
        "a@-b.example",
        "fn(@decorator.name)",
    ] {
        assert_eq!(found(text), vec![], "{text}");
    }
}

#[test]
fn a_sentence_that_goes_on_after_the_address_is_not_part_of_it() {
    assert_eq!(
        found("ann@shop.example..and"),
        only("EMAIL_ADDRESS", "ann@shop.example")
    );
    assert_eq!(
        found("ann@shop.example.7"),
        only("EMAIL_ADDRESS", "ann@shop.example")
    );
}

#[test]
fn an_escape_before_a_value_is_not_part_of_it() {
    assert_eq!(
        found(r#"{"to":"\nann@shop.example"}"#),
        only("EMAIL_ADDRESS", "ann@shop.example")
    );
    assert_eq!(
        found(r"\u003cann@shop.example\u003e"),
        only("EMAIL_ADDRESS", "ann@shop.example")
    );
    let number = card("4", 16);
    assert_eq!(
        found(&format!(r"line\n{number}")),
        only("CREDIT_CARD", &number)
    );
    let id = format!("AKIA{}", "Q7".repeat(8));
    assert_eq!(found(&format!(r"line\t{id}")), only("SECRET_AWS", &id));
}

#[test]
fn cards_of_the_large_schemes_are_found() {
    let known = [
        ("4", 13),
        ("4", 16),
        ("4", 19),
        ("51", 16),
        ("2221", 16),
        ("2720", 16),
        ("34", 15),
        ("37", 15),
        ("6011", 16),
        ("65", 16),
        ("62", 19),
        ("36", 14),
        ("3528", 16),
        ("6759", 18),
        ("2200", 16),
    ];
    for (prefix, length) in known {
        let number = card(prefix, length);
        assert_eq!(
            found(&format!("card {number}.")),
            only("CREDIT_CARD", &number)
        );
    }
}

#[test]
fn a_card_may_be_grouped_by_single_spaces_or_hyphens() {
    for separator in [" ", "-"] {
        let visa = grouped(&card("4", 16), &[4, 4, 4, 4], separator);
        assert_eq!(found(&visa), only("CREDIT_CARD", &visa));
        let amex = grouped(&card("37", 15), &[4, 6, 5], separator);
        assert_eq!(found(&amex), only("CREDIT_CARD", &amex));
        let odd = grouped(&card("4", 16), &[1, 2, 3, 4, 6], separator);
        assert_eq!(found(&odd), only("CREDIT_CARD", &odd));
    }
    assert_eq!(found(&grouped(&card("4", 16), &[4, 4, 4, 4], "  ")), vec![]);
}

#[test]
fn digits_beside_a_card_do_not_hide_it() {
    let visa = grouped(&card("4", 16), &[4, 4, 4, 4], " ");
    assert_eq!(found(&format!("{visa} 12 29")), only("CREDIT_CARD", &visa));
    assert_eq!(found(&format!("3 {visa}")), only("CREDIT_CARD", &visa));
    let (first, second) = (card("51", 16), card("37", 15));
    assert_eq!(found(&format!("{first} {second}")).len(), 2);
}

#[test]
fn a_wrong_check_digit_or_an_unknown_prefix_is_no_card() {
    let right = card("4", 16);
    let (front, last) = right.split_at(15);
    let wrong = format!("{front}{}", (last.parse::<u8>().unwrap() + 1) % 10);
    assert_eq!(found(&wrong), vec![]);
    assert_eq!(found(&card("99", 16)), vec![]);
    assert_eq!(found(&card("4", 15)), vec![]);
}

#[test]
fn a_part_of_a_longer_number_is_no_card() {
    let number = card("4", 16);
    for text in [
        format!("{number}0000"),
        format!("77{number}99"),
        format!("0.{number}"),
        format!("{number}.25"),
        format!("ab{number}"),
        format!("{number}ef"),
    ] {
        assert_eq!(found(&text), vec![], "{text}");
    }
    assert_eq!(found(&format!("+{}", card("4", 13))), vec![]);
}

#[test]
fn a_card_next_to_letters_of_another_script_is_found() {
    let number = card("4", 16);
    assert_eq!(
        found(&format!("卡号{number}。")),
        only("CREDIT_CARD", &number)
    );
}

#[test]
fn access_key_ids_are_found_by_their_form() {
    for prefix in ["AKIA", "ASIA"] {
        let id = format!("{prefix}{}", "Q7".repeat(8));
        assert_eq!(found(&format!("id={id}&x")), only("SECRET_AWS", &id));
        assert_eq!(
            found(&format!("{id}/20261121/eu-central-1")),
            only("SECRET_AWS", &id)
        );
        assert_eq!(found(&format!("{id}X")), vec![]);
        assert_eq!(found(&format!("x{id}")), vec![]);
        assert_eq!(found(&id.to_lowercase()), vec![]);
    }
}

#[test]
fn a_secret_key_is_found_by_the_words_before_it() {
    let secret = secret();
    for naming in [
        "aws_secret_access_key = ",
        "AWS: ",
        "\"SecretAccessKey\": \"",
        "secret key ",
    ] {
        assert_eq!(
            found(&format!("{naming}{secret}\"")),
            only("SECRET_AWS", &secret),
            "{naming}"
        );
    }
    assert_eq!(found(&secret), vec![]);
    assert_eq!(found(&format!("the digest {secret}")), vec![]);
}

#[test]
fn a_secret_key_is_found_by_the_name_of_its_field() {
    let secret = secret();
    assert_eq!(
        hits(Some("awsSecretAccessKey"), &secret),
        only("SECRET_AWS", &secret)
    );
    assert_eq!(hits(Some("digest"), &secret), vec![]);
}

#[test]
fn only_the_end_of_the_name_of_a_field_is_looked_at() {
    let secret = secret();
    let name = |after: usize| format!("awsSecretAccessKey{}", "_x".repeat(after));
    assert_eq!(hits(Some(&name(20)), &secret), only("SECRET_AWS", &secret));
    assert_eq!(hits(Some(&name(32)), &secret), vec![]);
}

#[test]
fn a_secret_key_is_found_behind_its_id() {
    let (id, secret) = (format!("AKIA{}", "Q7".repeat(8)), secret());
    let kinds: Vec<_> = found(&format!("{id},{secret}"))
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    assert_eq!(kinds, [id, secret]);
}

#[test]
fn a_digest_or_other_base64_is_no_secret_key() {
    let digest = "0a1b2c3d4e".repeat(4);
    assert_eq!(found(&format!("aws etag {digest}")), vec![]);
    assert_eq!(found(&format!("aws {}=", secret())), vec![]);
    assert_eq!(found(&format!("aws {}x", secret())), vec![]);
}

#[test]
fn a_private_key_is_found_with_its_frame() {
    for label in [
        "PRIVATE KEY",
        "EC PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
    ] {
        let key = pem(&"Zm9vYmFy".repeat(8)).replace("RSA PRIVATE KEY", label);
        assert_eq!(
            found(&format!("see\n{key}\nthere")),
            only("SECRET_PRIVATE_KEY", &key)
        );
        assert_eq!(
            found(&key.replace('\n', "\\n")),
            only("SECRET_PRIVATE_KEY", &key.replace('\n', "\\n"))
        );
    }
}

#[test]
fn a_private_key_that_is_cut_off_is_found_to_the_end() {
    let key = pem(&"Zm9vYmFy".repeat(8));
    for length in [70, 96, key.len() - 10, key.len() - 1] {
        let start = key.get(..length).unwrap();
        assert_eq!(found(start), only("SECRET_PRIVATE_KEY", start));
    }
}

#[test]
fn two_private_keys_are_two_hits() {
    let key = pem(&"Zm9vYmFy".repeat(8));
    let text = format!("{key}\nand\n{key}");
    assert_eq!(found(&text).len(), 2);
    assert_eq!(
        redacted(&text),
        "[REDACTED:SECRET_PRIVATE_KEY]\nand\n[REDACTED:SECRET_PRIVATE_KEY]"
    );
}

#[test]
fn certificates_public_keys_and_bare_headers_are_no_private_keys() {
    let public = pem(&"Zm9vYmFy".repeat(8)).replace("RSA PRIVATE", "PUBLIC");
    assert_eq!(found(&public), vec![]);
    assert_eq!(
        found("a line -----BEGIN PRIVATE KEY----- starts it"),
        vec![]
    );
}

#[test]
fn redaction_takes_only_the_kinds_that_are_asked_for() {
    let scanner = &*SCANNER;
    let text = format!("ann@shop.example pays with {}", card("4", 16));
    let redact = |kinds: &[&str]| scanner.redact(&text, kinds);
    assert_eq!(
        redact(&["CREDIT_CARD"]).unwrap(),
        "ann@shop.example pays with [REDACTED:CREDIT_CARD]"
    );
    assert_eq!(
        redacted(&text),
        "[REDACTED:EMAIL_ADDRESS] pays with [REDACTED:CREDIT_CARD]"
    );
    assert_eq!(redact(&["SECRET_PRIVATE_KEY"]), None);
    assert_eq!(redact(&[]), None);
}

#[test]
fn a_card_inside_an_address_is_both_and_redacted_once() {
    let text = format!("{}@shop.example", card("4", 16));
    let kinds: Vec<_> = found(&text).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["EMAIL_ADDRESS", "CREDIT_CARD"]);
    assert_eq!(redacted(&text), "[REDACTED:EMAIL_ADDRESS]");
}

#[test]
fn every_hit_has_a_class() {
    let text = format!("a@b.example {} AKIA{}", card("4", 16), "Q7".repeat(8));
    let classes: Vec<_> = SCANNER
        .scan(&text)
        .iter()
        .map(|hit| hit.class.as_str())
        .collect();
    assert_eq!(classes, ["pii", "pci", "secret"]);
}

#[test]
fn debug_output_holds_no_text() {
    let shown = format!(
        "{:?}",
        Field {
            name: Some("ann"),
            text: "ann@shop.example"
        }
    );
    assert!(!shown.contains("ann"), "{shown}");
}
