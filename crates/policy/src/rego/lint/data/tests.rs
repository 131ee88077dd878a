//! Modules that read the data that there is, and modules that read what is nowhere in it.

use crate::rego::{Engine, Source, lint};
use crate::sources::Model;

#[test]
fn what_is_there_may_be_read_however_it_is_written() {
    for body in GOOD.lines() {
        assert_eq!(of_body(body), Vec::<String>::new(), "{body}");
    }
}

#[test]
fn what_is_nowhere_in_the_data_is_a_mistake() {
    let lines: Vec<&str> = NEVER.lines().map(str::trim).collect();
    let (pairs, rest) = lines.as_chunks();
    assert!(rest.is_empty() && !pairs.is_empty());
    for [body, expected] in pairs {
        assert_eq!(of_body(body), [*expected], "{body}");
    }
}

#[test]
fn imports_other_names_and_heads_are_read_as_well() {
    for (module, expected) in [
        (
            "import data.blokced\n\ndeny contains blokced.paths if true",
            "own.rego:3:13: there is no `data.blokced`; did you mean `data.blocked`?",
        ),
        (
            "import data.blocked as b\n\ndeny contains b.pahts if true",
            "own.rego:5:17: there is no `data.blocked.pahts`; did you mean `data.blocked.paths`?",
        ),
        (
            "blocked := data.blocked\n\ndeny contains 1 if blocked.pahts",
            "own.rego:5:28: there is no `data.blocked.pahts`; did you mean `data.blocked.paths`?",
        ),
        (
            "import data.aegis.tenants\n\ndeny contains 1 if tenants.acme",
            "own.rego:3:19: there is no `data.aegis.tenants`; what the files have under `aegis` is not there for modules, which have `data.aegis.ext` alone",
        ),
    ] {
        let module = format!("package aegis.ext\n\n{module}\n");
        assert_eq!(told(&[&module], &[DATA]), [expected], "{module}");
    }
}

#[test]
fn what_another_file_or_module_has_is_there() {
    let reads = "package aegis.ext\n\ndeny contains 1 if data.more.n == data.aegis.ext.most\n";
    let most = "package aegis.ext\n\nmost := 5\n\nallow contains 1 if false\n";
    let more = "more: {n: 5}\n";
    assert_eq!(told(&[reads, most], &[DATA, more]), Vec::<String>::new());
    assert_eq!(
        told(&[reads], &[DATA]),
        [
            "own.rego:3:25: there is no `data.more`",
            "own.rego:3:50: there is no `data.aegis.ext.most`"
        ]
    );
}

#[test]
fn what_some_with_gives_is_there_for_the_rules_that_it_is_given_to() {
    let helper = "many if data.given.n > data.blocked.n";
    for with in [
        "data.given as {\"n\": 1}",
        "data.given.n as 1",
        "data[\"given\"] as {\"n\": 1}",
        "data as {\"given\": {\"n\": 1}}",
    ] {
        let module =
            format!("package aegis.ext\n\n{helper}\n\ndeny contains 1 if many with {with}\n");
        assert_eq!(told(&[&module], &[DATA]), Vec::<String>::new(), "{with}");
    }
    // Of something else, it leaves the data alone.
    for with in ["input as {}", "data.other as 1", "input.data.given as 1"] {
        let module =
            format!("package aegis.ext\n\n{helper}\n\ndeny contains 1 if many with {with}\n");
        let expected = "own.rego:3:14: there is no `data.given`";
        assert_eq!(told(&[&module], &[DATA]), [expected], "{with}");
    }
}

#[test]
fn nothing_is_missing_while_a_file_or_a_module_cannot_be_read() {
    let reads = "package aegis.ext\n\ndeny contains 1 if data.elsewhere == data.aegis.ext.most\n";
    assert_eq!(told(&[reads], &[DATA]).len(), 2);
    for (modules, files) in [
        (
            &[reads, "package aegis.ext\n\nmost := := 5\n"][..],
            &[DATA][..],
        ),
        (&[reads], &[DATA, "elsewhere: ["]),
    ] {
        let found = told(modules, files);
        assert!(
            found.iter().all(|line| !line.contains("there is no")),
            "{found:?}"
        );
    }
}

/// The body begins in line 4, column 2.
fn of_body(body: &str) -> Vec<String> {
    let module = format!(
        "package aegis.ext\n\nlimit(x) := x\n\ndeny contains {{\"rule\": \"r\", \"message\": \"m\"}} if {{\n\t{body}\n}}\n"
    );
    let told = told(&[&module], &[DATA]).into_iter();
    told.map(|line| line.replace("own.rego:6:", "")).collect()
}

fn told(modules: &[&str], files: &[&str]) -> Vec<String> {
    let source = |file: &str, text: &&str| Source {
        file: file.to_owned(),
        text: (*text).to_owned(),
    };
    let modules: Vec<_> = modules
        .iter()
        .map(|text| source("own.rego", text))
        .collect();
    let files: Vec<_> = files.iter().map(|text| source("own.yaml", text)).collect();
    let (model, _) = Model::read_all(&files);
    let problems = lint::check(&mut Engine::new(), &modules, &model).err();
    let problems = problems.into_iter().flatten();
    let lines = problems.map(|problem| problem.to_string());
    // What the modules find says nothing here.
    lines
        .filter(|line| !line.contains("a finding is"))
        .collect()
}

const DATA: &str = r#"
aegis: {tenants: {acme: {}}}
blocked: {paths: [/blocked], n: 3, nothing: null, "cost centre": {on: true}}
limits: {}
free: [{name: a}, {name: b, open: true}]
"#;

const GOOD: &str = r#"input.destination.path in data.blocked.paths
data["blocked"]["cost centre"].on
data.blocked.paths[0] == "/x"; data.blocked.paths[_] == "/y"
data.limits[input.tenant.id].max > 1
some section in ["limits", "more"]; data[section][input.call.tool]
some entry in data.free; entry.open; not entry.closed
blocked := data.blocked; blocked.n == input.call.parameters.n
object.get(data, "limits", {}) == {}; object.get(data.blocked, ["cost centre", "on"], false)
count(data) > 1; count(data.aegis.ext.deny) > 1; data.aegis.ext[_]
data.aegis.ext.limit(1) == limit(1)
not data.aegis.ext.sanitize
data.blocked.nothing == null; data.blocked.n == "3"
some "n", _ in data.blocked; "mars" in data.blocked.paths"#;

const NEVER: &str = r#"input.destination.path in data.blokced.paths
    33: there is no `data.blokced`; did you mean `data.blocked`?
not data.whatever_else
    11: there is no `data.whatever_else`
data["blokced"].paths
    8: there is no `data.blokced`; did you mean `data.blocked`?
data.blocked.pahts[_] == input.destination.path
    15: there is no `data.blocked.pahts`; did you mean `data.blocked.paths`?
data.limits.acme.max > 1
    14: there is no `data.limits.acme`
data.limits[data.blocked.zzz]
    27: there is no `data.blocked.zzz`
blocked := data.blocked; blocked["cost center"].on
    36: there is no `data.blocked.cost center`; did you mean `data.blocked.cost centre`?
object.get(data, "limit", {}) == {}
    20: there is no `data.limit`; did you mean `data.limits`?
some "zzz", _ in data.blocked
    8: there is no `data.blocked.zzz`
data.free.name == "a"
    12: `data.free` is a list and has no `name`; go over it with `some x in data.free`
data.blocked.n.max == 1
    17: `data.blocked.n` is a number: there is nothing in it
data.blocked.nothing.at.all
    23: `data.blocked.nothing` is null: there is nothing in it
data.aegis.agents[input.agent.id].tenant == "acme"
    13: there is no `data.aegis.agents`; what the files have under `aegis` is not there for modules, which have `data.aegis.ext` alone
data.aegis.ext.limits == 1
    17: there is no `data.aegis.ext.limits`; did you mean `data.aegis.ext.limit`?
data.blokced.n == 1 with input as {"cal": 1}
    7: there is no `data.blokced`; did you mean `data.blocked`?
data.compiled.tenants
    7: there is no `data.compiled`"#;
