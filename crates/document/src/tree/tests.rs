//! Texts that are not one plain document, and the places where that shows.

use std::fmt::Write as _;

use crate::Document;

fn complaints(text: &str) -> String {
    let problems = Document::parse("f.yaml", text).expect_err("this text should be refused");
    problems.to_string().replace("f.yaml:", "")
}

#[test]
fn what_is_not_one_plain_document_is_refused_with_its_place() {
    let table = [
        (
            "a: 1\nb: 2\na: 3\nb: 4\n",
            "3:1: the key `a` is already on line 1\n4:1: the key `b` is already on line 2",
        ),
        (
            "{\"a\": 1, 'a': 2}",
            "1:10: the key `a` is already on line 1",
        ),
        (
            "a: 1\n---\nb: 2\n",
            "2:1: a second document starts here; a file holds one",
        ),
        (
            "a: !secret x\n",
            "1:12: tags such as !name are not accepted",
        ),
        (
            "a: &x [*x]\n",
            "1:8: the alias stands inside the value that it repeats",
        ),
        (
            "a: &x {b: 1}\nc:\n  <<: *x\n",
            "3:3: merge keys (<<) are not accepted; repeat the value with an alias",
        ),
        ("[a]: 1\n", "1:1: a key must be text"),
        (
            "a: .inf\n",
            "1:4: infinity and not-a-number are not accepted",
        ),
        (
            "404: x\ntrue: y\n",
            "1:1: a key must be text; write it in quotes\n2:1: a key must be text; write it in quotes",
        ),
        (
            "a: 340282366920938463463374607431768211455\n",
            "1:4: two YAML readers do not agree on what this means; \
             write it more plainly, with text in quotes",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(complaints(text), expected, "for {text:?}");
    }
}

#[test]
fn broken_syntax_is_refused_with_its_place() {
    for (text, line, column) in [
        ("a: 1\n\tb: 2\n", 2, 1),
        ("a: [1, 2\nb: 3\n", 2, 2),
        ("a: *nobody\n", 1, 4),
        ("a: 'open\n", 2, 1),
        ("a: b: c\n", 1, 5),
    ] {
        let problems = Document::parse("f.yaml", text).unwrap_err();
        let places: Vec<_> = problems.iter().map(|p| (p.line, p.column)).collect();
        assert_eq!(places, [(line, column)], "for {text:?}: {problems}");
    }
}

#[test]
fn a_bomb_of_aliases_is_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let row = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{row}]").unwrap();
    }
    let problems = Document::parse("f.yaml", &text).unwrap_err();
    assert_eq!(
        problems.to_string(),
        "f.yaml:5:45: aliases repeat more than 100000 values"
    );
}

#[test]
fn deep_nesting_is_refused_also_where_aliases_build_it() {
    let deep = "[".repeat(101) + &"]".repeat(101);
    let problems = Document::parse("f.yaml", &deep).unwrap_err();
    assert_eq!(
        problems.to_string(),
        "f.yaml:1:101: nested deeper than 100 levels"
    );

    let half = "[".repeat(60) + &"]".repeat(60);
    let text = format!("a: &a {half}\nb: {}*a{}\n", "[".repeat(50), "]".repeat(50));
    let problems = Document::parse("f.yaml", &text).unwrap_err();
    assert_eq!(
        problems.to_string(),
        "f.yaml:2:54: nested deeper than 100 levels"
    );
}
