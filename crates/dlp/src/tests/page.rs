//! docs/detectors.md has every type, as the rules have it; `UPDATE_DETECTORS=1` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::{env, fs};

use crate::{Class, Description, descriptions};

#[test]
fn the_page_has_every_type_and_no_other() {
    let page = format!("{HEAD}{}", tables());
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/detectors.md");
    if env::var_os("UPDATE_DETECTORS").is_some() {
        fs::write(file, &page).unwrap();
    }
    assert!(
        fs::read_to_string(file).unwrap_or_default() == page,
        "docs/detectors.md is not in step: run this test with UPDATE_DETECTORS=1"
    );
}

fn tables() -> String {
    let mut types: BTreeMap<(&str, &str), Vec<Description>> = BTreeMap::new();
    for rule in descriptions() {
        let key = (rule.class.as_str(), rule.kind);
        types.entry(key).or_default().push(rule);
    }
    let mut page = String::new();
    for class in [Class::Pci, Class::Pii, Class::Secret].map(Class::as_str) {
        let rows = types.iter().filter(|((of, _), _)| *of == class);
        let rows: Vec<String> = rows.map(|((_, kind), rules)| row(kind, rules)).collect();
        let count = rows.len();
        let _ = write!(page, "\n## Class `{class}`: {count} types\n\n{COLUMNS}");
        page.extend(rows);
    }
    page
}

fn row(kind: &str, rules: &[Description]) -> String {
    let most = |of: fn(&Description) -> u8| rules.iter().map(of).max().unwrap_or_default();
    let shown = |percent: u8| match percent {
        0 => "–".to_owned(),
        percent => format!("{:.2}", f64::from(percent) / 100.0),
    };
    let mut sources: Vec<&str> = rules.iter().map(|rule| rule.source).collect();
    sources.sort_unstable();
    sources.dedup();
    format!(
        "| `{kind}` | {} | {} | {} |\n",
        shown(most(|rule| rule.alone)),
        shown(most(|rule| rule.near)),
        sources.join("; ")
    )
}

const COLUMNS: &str = "| type | alone | near a word | who says so |\n|---|---|---|---|\n";

const HEAD: &str = "\
# Detectors

What Aegis recognises as sensitive data, by type. Names are those of policies (`DlpProfile`), of findings, of the audit log and of
`aegis dlp scan`. This page is written from the rules by a test.

- **Confidence** goes up to 1. `alone` is that of a value by itself, `near a word` that of one behind a word for it (`passport`, `api key`,
  `Steuernummer`, …) at most 96 bytes before, or in the name of its field; less than 0.5 is not reported, and `–` means that it is not
  found so. They are those of the surest form of a type, and other forms of it may need a word: a MAC address without signs or in Cisco's form
  (`aabb.ccdd.eeff`), an address of Ethereum whose letters are all small or all capitals, `127.0.0.1`, `0.0.0.0`, `::1` and `::`, and of cards the small
  and the old schemes. A type that only needs a word also is found, with 0.5, where it is all of a text without a name and its check digits are right.
- **Checks.** Check digits, dates and ranges are computed wherever a type has them; a near miss is no finding. Two are exceptions, behind a word
  for them only and with 0.6: a VAT number whose check digits are wrong or which lacks its country, and an `IN_PAN` without the letter of a
  kind of holder (no check digit of it is public). A mistyped one is somebody's too, and in the public test material for such detectors VAT
  numbers are mostly made up in form alone: to demand their check digits took what is found of all personal data there from 92.5 to 90.1
  percent, and no wrong finding away. A module may tell them apart by `dlp.findings[].confidence`. Placeholders, samples and values without
  enough chance in them are no secrets.
- **Bounds.** A rule sees 256 bytes of a value and 64 before it. A longer value, such as a private key, is taken to its end. One text gives
  the same findings whole and in pieces of any size; of clean text at most the last word is held back (64 bytes), of a value that has
  begun at most 256 bytes (577 where a [detector of a policy's own](policy.md#detectors-of-your-own) may begin anywhere).
- **Decoding.** A text is also searched as its escapes and look-alikes read, and what its runs of base64 and hex hold, to a depth of two, also
  where their characters are escaped; a finding is where the characters stand that hold it. [limits.md](limits.md) has the bounds. A value
  that is packed or spelled otherwise is held back as far as the characters of its 256 bytes go (344 in base64, 768 as `%40`).
- **Not found:** names of people and postal addresses. They have no form that could be checked, and a guess would be wrong too often.
  [A detector of your own](detector-api.md) can find them in requests: `PERSON`, `LOCATION`, `ORGANIZATION`, `NRP` (nationality,
  religion, political group) and `DATE_TIME`, all of class `pii`. A profile may rule on them like on any other type.
- One value may be of several types: what is a tax number of one country may be an identity card's of another.
";
