//! Broken documents and the exact words and places that their authors get to read.

use super::*;

/// Every problem of the text, one per line, without the file's name.
fn complaints(text: &str) -> String {
    let problems = read(text).expect_err("this text should be refused");
    problems.to_string().replace("garden.yaml:", "")
}

#[test]
fn every_mistake_about_keys_has_its_words_and_its_place() {
    let known = "known keys are `owner`, `area`, `open`, `gate`, `beds`, `visitors`";
    let table = [
        ("area: 1\n", "1:1: the key `owner` is missing".to_owned()),
        (
            "",
            "1:1: the key `owner` is missing\n1:1: the key `area` is missing".to_owned(),
        ),
        (
            "# none\n",
            "1:1: the key `owner` is missing\n1:1: the key `area` is missing".to_owned(),
        ),
        (
            "- owner\n",
            "1:1: expected a mapping, found a list".to_owned(),
        ),
        (
            "just words\n",
            "1:1: expected a mapping, found text".to_owned(),
        ),
        (
            "ownr: a\narea: 1\n",
            "1:1: unknown key `ownr`; did you mean `owner`?".to_owned(),
        ),
        (
            "owner: a\narea: 1\nbath: 1\n",
            format!("3:1: unknown key `bath`; {known}"),
        ),
    ];
    for (text, expected) in table {
        assert_eq!(complaints(text), expected, "for {text:?}");
    }
}

/// The third line of a document whose first two are sound.
#[test]
fn every_mistake_about_values_has_its_words_and_its_place() {
    let gates = "`gate`: expected one of `wood`, `wrought_iron`, `painted`";
    let table = [
        (
            "open: 1",
            "7: `open`: expected true or false, found a whole number".to_owned(),
        ),
        (
            "gate: wrougt_iron",
            format!("7: {gates}; did you mean `wrought_iron`?"),
        ),
        ("gate: hedge", format!("7: {gates}")),
        ("gate: [wood]", format!("7: {gates}")),
        (
            "gate: {paint: red}",
            "8: `paint`: expected one of `wood`, `wrought_iron`, `painted`; \
             did you mean `painted`?"
                .to_owned(),
        ),
        (
            "gate: painted",
            "7: `gate`: expected a mapping, found text".to_owned(),
        ),
        (
            "gate: null",
            "7: `gate`: expected a value, found nothing".to_owned(),
        ),
        (
            "gate:",
            "5: `gate`: expected a value, found nothing".to_owned(),
        ),
        (
            "beds: ~",
            "7: `beds`: expected a list, found nothing".to_owned(),
        ),
        (
            "beds: [rose]",
            "8: `beds`: expected a mapping, found text".to_owned(),
        ),
        (
            "beds: [[]]",
            "8: `beds`: expected a mapping, found a list".to_owned(),
        ),
        (
            "visitors: {kim: {until: noon}}",
            "25: `until`: invalid IP address syntax".to_owned(),
        ),
        (
            "visitors: {ä\u{10348}: 1}",
            "16: `ä\u{10348}`: expected a mapping, found a whole number".to_owned(),
        ),
    ];
    for (line, expected) in table {
        let text = format!("owner: a\narea: 1\n{line}\n");
        assert_eq!(complaints(&text), format!("3:{expected}"), "for {line:?}");
    }
}

#[test]
fn a_number_says_which_numbers_are_meant() {
    let range = "expected a whole number from 0 to 4294967295";
    let table = [
        ("large", format!("1:18: `area`: {range}, found text")),
        ("'3'", format!("1:18: `area`: {range}, found text")),
        ("-3", format!("1:18: `area`: {range}")),
        ("4294967296", format!("1:18: `area`: {range}")),
        (
            "1.5",
            format!("1:18: `area`: {range}, found a number with a fraction"),
        ),
        ("007", format!("1:18: `area`: {range}, found text")),
        (
            "true",
            format!("1:18: `area`: {range}, found true or false"),
        ),
    ];
    for (value, expected) in table {
        let text = format!("{{owner: a, area: {value}}}");
        assert_eq!(complaints(&text), expected, "for {value:?}");
    }
}

#[test]
fn all_mistakes_come_at_once() {
    let text = "\
ownr: a
area: wide
open: maybe
beds:
  - {plant: rose, rows: 300}
  - {plnt: rose, rows: many, colour: red}
  - {}
gate: hedge
visitors:
  kim: {until: noon}
  lee: {}
";
    assert_eq!(
        complaints(text),
        "\
1:1: unknown key `ownr`; did you mean `owner`?
2:7: `area`: expected a whole number from 0 to 4294967295, found text
3:7: `open`: expected true or false, found text
5:25: `rows`: expected a whole number from 0 to 255
6:6: unknown key `plnt`; did you mean `plant`?
6:24: `rows`: expected a whole number from 0 to 255, found text
6:30: unknown key `colour`; known keys are `plant`, `rows`, `depth`
7:5: the key `plant` is missing
7:5: the key `rows` is missing
8:7: `gate`: expected one of `wood`, `wrought_iron`, `painted`
10:16: `until`: invalid IP address syntax
11:8: the key `until` is missing"
    );
}

#[test]
fn where_not_all_mistakes_are_told_that_is_said() {
    let text = format!("owner: a\narea: 1\nbeds: [{}]\n", "1, ".repeat(300));
    let problems = read(&text).unwrap_err();
    let first = problems.iter().next().map(ToString::to_string);
    assert_eq!(
        first.as_deref(),
        Some("garden.yaml:1:1: there are more mistakes than are told at once")
    );
    assert!(problems.len() > 100);
}

#[test]
fn json_is_read_strictly_where_the_name_says_json() {
    let document = Document::parse(
        "a.json",
        "{\"a\": [1, null, \"\\ud83d\\ude00\"],\n\t\"b\": {}}",
    );
    let value: serde_json::Value = document.unwrap().read().unwrap();
    assert_eq!(value, serde_json::json!({"a": [1, null, "😀"], "b": {}}));

    let problems = Document::parse("a.json", "{\"a\": 1,}").unwrap_err();
    assert_eq!(problems.to_string(), "a.json:1:9: this is not JSON");
}

#[test]
fn an_alias_repeats_a_value_and_its_mistakes_are_told_once() {
    let text = "owner: a\narea: 1\nbeds:\n  - &bed {plant: rose, rows: few}\n  - *bed\n";
    assert_eq!(
        complaints(text),
        "4:30: `rows`: expected a whole number from 0 to 255, found text"
    );
}

#[test]
fn no_message_repeats_a_value() {
    let table = [
        "owner: [s3cret]\narea: s3cret\ngate: s3cret\nopen: s3cret\n",
        "owner: a\narea: 1\nvisitors: {kim: {until: s3cret}}\nbeds: s3cret\n",
        "owner: a\narea: 1\ngate: {painted: [s3cret]}\n",
        "owner: s3cret: x\n",
        "owner: 's3cret\n",
        "owner: \"s3cret \\q\"\n",
    ];
    for text in table {
        assert!(
            !complaints(text).contains("s3cret"),
            "for {text:?}: {}",
            complaints(text)
        );
    }
    let document = Document::parse("f.yaml", "owner: s3cret").unwrap();
    assert_eq!(format!("{document:?}"), "Document { file: \"f.yaml\", .. }");
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pruned {
    how: Pruning,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Pruning {
    Cut(Cut),
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cut {
    #[serde(alias = "keepLast")]
    keep_last: u8,
}

#[test]
fn a_word_without_what_belongs_below_it_and_the_other_spelling_of_a_key() {
    for (text, told) in [
        ("how: cut\n", "1:6: `how`: expected a mapping, found text"),
        (
            "how: {cut: {keepLst: 3}}\n",
            "1:13: unknown key `keepLst`; did you mean `keepLast`?",
        ),
    ] {
        let document = Document::parse("garden.yaml", text).expect("good syntax");
        let problems = document.read::<Pruned>().expect_err("a mistake");
        assert_eq!(problems.to_string(), format!("garden.yaml:{told}"));
    }
    let document = Document::parse("garden.yaml", "how: {cut: {keepLast: 3}}\n");
    let good: Pruned = document.expect("good syntax").read().expect("good");
    let how = Pruning::Cut(Cut { keep_last: 3 });
    assert_eq!(good, Pruned { how });
}

#[test]
fn a_byte_order_mark_before_a_text_is_no_part_of_it() {
    let text = "owner: ann\narea: 1\n";
    let marked = format!("\u{feff}{text}");
    assert_eq!(read(&marked).expect("good"), read(text).expect("good"));
    let name = "garden.yaml";
    let all = Document::parse_all(name, &format!("{marked}---\n{text}"));
    assert_eq!(all.expect("good").len(), 2);
}
