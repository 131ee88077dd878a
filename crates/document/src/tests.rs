//! Documents as they are read, changed and taken apart.

mod mistakes;

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;

use crate::{Document, Problems, nearest};

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Garden {
    owner: String,
    area: u32,
    #[serde(default)]
    open: bool,
    #[serde(default)]
    gate: Option<Gate>,
    #[serde(default)]
    beds: Vec<Bed>,
    #[serde(default)]
    visitors: BTreeMap<String, Visitor>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Gate {
    Wood,
    WroughtIron,
    Painted(String),
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bed {
    plant: String,
    rows: u8,
    #[serde(default)]
    depth: f64,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Visitor {
    until: std::net::IpAddr,
}

fn read(text: &str) -> Result<Garden, Problems> {
    Document::parse("garden.yaml", text)?.read()
}

#[test]
fn a_sound_document_is_read_whole() {
    let text = "
owner: Ada
area: 40
gate: wrought_iron
beds:
  - {plant: rose, rows: 3, depth: 0.5}
  - plant: '007'
    rows: 0x10
visitors: {kim: {until: 10.0.0.1}}
";
    let garden = read(text).unwrap();
    assert_eq!(garden.owner, "Ada");
    assert_eq!(garden.gate, Some(Gate::WroughtIron));
    assert_eq!(
        garden.beds[0],
        Bed {
            plant: "rose".into(),
            rows: 3,
            depth: 0.5
        }
    );
    assert_eq!(
        garden.beds[1],
        Bed {
            plant: "007".into(),
            rows: 16,
            depth: 0.0
        }
    );
    assert_eq!(garden.visitors["kim"].until.to_string(), "10.0.0.1");
}

#[test]
fn an_enum_with_content_is_a_mapping_of_one_word() {
    assert_eq!(
        read("{owner: a, area: 1, gate: {painted: red}}")
            .unwrap()
            .gate,
        Some(Gate::Painted("red".into()))
    );
}

#[test]
fn a_part_is_read_by_its_path() {
    let document = Document::parse("f.yaml", "aegis: {x: [1, {y: two}]}\nother: null\n").unwrap();
    assert_eq!(document.keys(), ["aegis", "other"]);
    assert_eq!(
        document
            .read_at::<String>(&["aegis", "x", "1", "y"])
            .unwrap(),
        "two"
    );
    assert_eq!(
        document.read_at::<serde_json::Value>(&["other"]).unwrap(),
        serde_json::Value::Null
    );
    assert_eq!(
        document
            .read_at::<u8>(&["aegis", "z", "q"])
            .unwrap_err()
            .to_string(),
        "f.yaml:1:8: the key `z` is missing"
    );
    assert_eq!(
        document
            .read_at::<u8>(&["aegis", "x", "1", "y"])
            .unwrap_err()
            .to_string(),
        "f.yaml:1:20: expected a whole number from 0 to 255, found text"
    );
}

#[test]
fn a_problem_of_meaning_stands_at_its_value_or_the_nearest_ancestor() {
    let document = Document::parse("f.yaml", "a:\n  b: [x, {c: 1}]\n").unwrap();
    let place = |path: &[&str]| document.problem(path, "no").to_string();
    assert_eq!(place(&["a", "b", "1", "c"]), "f.yaml:2:14: no");
    assert_eq!(place(&["a", "b", "7"]), "f.yaml:2:6: no");
    assert_eq!(place(&["z"]), "f.yaml:1:1: no");
    assert_eq!(
        document
            .problem(&["a"], "no")
            .with_hint("try yes")
            .to_string(),
        "f.yaml:2:3: no; try yes"
    );
}

#[test]
fn text_values_are_expanded_and_refusals_keep_their_place() {
    let expand = |text: &str| match text.strip_prefix('$') {
        Some("name") => Ok(Some("Ada".to_owned())),
        Some(_) => Err("it is not set".to_owned()),
        None => Ok(None),
    };
    let mut document = Document::parse("f.yaml", "owner: $name\narea: 3\n$name: 1\n").unwrap();
    document.expand(&expand).unwrap();
    assert_eq!(document.read_at::<String>(&["owner"]).unwrap(), "Ada");
    assert_eq!(document.keys(), ["owner", "area", "$name"]);

    let mut document = Document::parse("f.yaml", "a: [$x, ok]\nb: {c: $y}\n").unwrap();
    assert_eq!(
        document.expand(&expand).unwrap_err().to_string(),
        "f.yaml:1:5: it is not set\nf.yaml:2:8: it is not set"
    );
    assert!(document.is_in_doubt(&["a", "0"]) && !document.is_in_doubt(&["a", "1"]));
}

#[test]
fn reading_goes_on_past_mistakes_and_knows_where_it_did() {
    let text = "ownr: a\narea: 3\nbeds: [7, {plant: rose, rows: many}, {plant: fern, rows: 2}]\n";
    let mut document = Document::parse("f.yaml", text).unwrap();
    let (garden, problems) = document.read_sound::<Garden>();
    assert_eq!(problems.len(), 3, "{problems}");
    let garden = garden.expect("the rest is sound");
    assert_eq!((garden.area, garden.beds.len()), (3, 2));
    assert_eq!(garden.beds[1].plant, "fern");

    let doubt = |path: &[&str]| document.is_in_doubt(path);
    assert!(doubt(&["owner"]) && doubt(&["beds"]) && doubt(&["beds", "0", "rows"]));
    assert!(!doubt(&["area"]) && !doubt(&["beds", "1", "rows"]) && !doubt(&["gate"]));
    let fern = document.problem(&["beds", "1", "plant"], "no").to_string();
    assert_eq!(fern, "f.yaml:3:46: no");

    let mut document = Document::parse("f.yaml", "[]").unwrap();
    assert_eq!(document.read_sound::<Garden>().0, None);
}

#[test]
fn a_text_may_hold_several_documents_where_they_are_asked_for() {
    let text = "# first\n---\na: &x 1\n---\n---\nb: [2, yes]\nc: \"3\"\n...\n";
    let documents = Document::parse_all("f.yaml", text).unwrap();
    let values: Vec<serde_json::Value> = documents.iter().map(|it| it.read().unwrap()).collect();
    assert_eq!(
        values,
        [
            serde_json::json!({"a": 1}),
            serde_json::json!({"b": [2, "yes"], "c": "3"})
        ]
    );
    let said = |path: &[&str]| documents[1].problem(path, "no").to_string();
    assert_eq!(said(&["b", "1"]), "f.yaml:6:8: no");
    assert_eq!(
        Document::parse("f.yaml", text).unwrap_err().to_string(),
        "f.yaml:4:1: a second document starts here; a file holds one"
    );
    assert!(
        Document::parse_all("f.yaml", "# nothing\n")
            .unwrap()
            .is_empty()
    );
    assert_eq!(Document::parse_all("f.json", "{}").unwrap().len(), 1);
    assert!(Document::parse_all("f.json", "{}\n---\n{}").is_err());
}

#[test]
fn each_of_several_documents_stands_alone() {
    let refused = |text: &str| Document::parse_all("f.yaml", text).unwrap_err().to_string();
    let alias = refused("a: &x 1\n---\nb: *x\n");
    assert!(alias.starts_with("f.yaml:3:4: "), "{alias}");
    assert_eq!(
        refused("a: 1\n---\nb: 1\nb: 2\n"),
        "f.yaml:4:1: the key `b` is already on line 3"
    );
    assert_eq!(
        refused("a: 1\n---\nb: .inf\n"),
        "f.yaml:3:4: infinity and not-a-number are not accepted"
    );
}

#[test]
fn only_a_near_word_is_suggested() {
    let known = ["region", "listen", "limits"];
    assert_eq!(nearest("regoin", known), Some("region"));
    assert_eq!(nearest("limit", known), Some("limits"));
    assert_eq!(nearest("policy", known), None);
    assert_eq!(nearest("", known), None);
}

#[test]
fn problems_are_sorted_and_told_once() {
    let document = Document::parse("f.yaml", "a: 1\nb: 2\n").unwrap();
    let mut problems = Problems::new();
    assert!(problems.is_empty());
    problems.extend([
        document.problem(&["b"], "late"),
        document.problem(&["a"], "early"),
    ]);
    problems.push(document.problem(&["b"], "late"));
    assert_eq!(problems.len(), 2);
    assert_eq!(
        problems.into_result(()).unwrap_err().to_string(),
        "f.yaml:1:4: early\nf.yaml:2:4: late"
    );
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<i32>().prop_map(|number| (f64::from(number) / 8.0).into()),
        "[ -~äß€😀\n\t]{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map("[ -~]{0,8}", inner, 0..4).prop_map(|map| {
                // A merge key is refused by intent.
                map.into_iter().filter(|(key, _)| key != "<<").collect()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn json_means_the_same_under_either_name(value in any_json(), pretty: bool) {
        // A document of nothing is an empty mapping; everything else stays what it is.
        let value = serde_json::json!([value]);
        let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
        for name in ["a.json", "a.yaml"] {
            let document = Document::parse(name, &text).unwrap();
            prop_assert_eq!(&document.read::<serde_json::Value>().unwrap(), &value);
        }
    }

    #[test]
    fn every_text_is_read_or_refused_with_a_place(
        text in "([a-c]|[ \n\t:,&*!|>'\"#%@`?~-]|[\\[\\]{}<]|- |: |\n  |[0-9.]|\\PC){0,40}"
    ) {
        for name in ["a.json", "a.yaml"] {
            let read = Document::parse(name, &text).and_then(|document| document.read::<Garden>());
            for problem in read.err().iter().flatten() {
                prop_assert!(problem.line > 0 && problem.column > 0, "{}", problem);
                prop_assert!(!problem.message.is_empty());
            }
        }
    }
}
