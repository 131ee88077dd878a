//! Bodies that are true to the input, and bodies that could never hold.

use super::check;
use crate::rego::Engine;
use crate::rego::lint::place::Declared;

fn told(module: &str) -> Vec<String> {
    let mut engine = Engine::new();
    engine
        .add_policy("own.rego".to_owned(), module.to_owned())
        .unwrap_or_else(|error| panic!("{module}\n{error}"));
    let modules = engine.get_modules();
    let declared = Declared {
        facts: Some(&["european", "known_customer"]),
        data: None,
    };
    let problems = check(&modules[0], declared);
    let told = problems.iter().map(ToString::to_string);
    told.map(|line| line.replace("own.rego:", "")).collect()
}

/// The body begins in line 4, column 2.
fn of_body(body: &str) -> Vec<String> {
    told(&format!(
        "package aegis.ext\n\ndeny contains {{\"rule\": \"r\", \"message\": \"m\"}} if {{\n\t{body}\n}}\n"
    ))
}

#[test]
fn a_body_that_is_true_to_the_input_is_left_alone() {
    for body in GOOD.lines() {
        assert_eq!(of_body(body), Vec::<String>::new(), "{body}");
    }
}

#[test]
fn what_a_body_does_not_say_itself_is_not_followed() {
    for module in [
        "f(call) if call.tol\n\nallowed if f(input.call)",
        "f(input) if input.tol\n\nallowed if f(input.call)",
        "call := input.call.parameters\n\nallowed if call.tol",
        "http := input.http\n\nhttp := {\"verb\": \"x\"} if not input.http\n\nallowed if http.verb",
        "kind := input.call.kind if input.call.tool == \"x\"\n\nallowed if kind == \"other\"",
        "default kind := \"other\"\n\nkind := input.call.kind\n\nallowed if kind == \"other\"",
        "allowed if {\n\tinput.phase == \"connect\"\n\tport == 22\n} else if {\n\tinput.http.method == \"GET\"\n}",
        "default amount := 0\n\namount := input.call.parameters.amount",
    ] {
        let module = format!("package aegis.ext\n\n{module}\n");
        assert_eq!(told(&module), Vec::<String>::new(), "{module}");
    }
}

#[test]
fn a_body_that_could_never_hold_is_a_mistake() {
    for [body, expected] in pairs(NEVER) {
        let found = of_body(body);
        assert_eq!(found, [expected], "{body}");
    }
}

#[test]
fn heads_imports_other_names_and_else_are_read_as_well() {
    for (module, expected) in [
        (
            "deny contains {\"rule\": \"r\", \"message\": input.cal.tool} if true",
            "3:46: there is no `input.cal`; did you mean `input.call`?",
        ),
        (
            "deny contains {\"rule\": \"r\", \"message\": call.tol} if call := input.call",
            "3:45: there is no `input.call.tol`; did you mean `input.call.tool`?",
        ),
        (
            "import input.cal\n\nallowed if cal.tool",
            "3:14: there is no `input.cal`; did you mean `input.call`?",
        ),
        (
            "import input.call as c\n\nallowed if c.tol",
            "5:14: there is no `input.call.tol`; did you mean `input.call.tool`?",
        ),
        (
            "import input.call\n\nallowed if call.tol",
            "5:17: there is no `input.call.tol`; did you mean `input.call.tool`?",
        ),
        (
            "kind := input.call.kind\n\nallowed if kind == \"lml\"",
            "5:21: `input.call.kind` is never `lml`; did you mean `llm`?",
        ),
        (
            "sent := input.call.parameters\n\nallowed if {\n\tinput.phase == \"connect\"\n\tsent.amount\n}",
            "7:2: `input.call.parameters` is not there in the phase `connect`",
        ),
        (
            "import input.http\n\nallowed if {\n\tinput.phase == \"connect\"\n\thttp.method\n}",
            "7:2: `input.http` is not there in the phase `connect`",
        ),
        (
            "kind := input.cal.kind",
            "3:15: there is no `input.cal`; did you mean `input.call`?",
        ),
        (
            "allowed if input.call.tool == \"x\" else := input.call.tol",
            "3:54: there is no `input.call.tol`; did you mean `input.call.tool`?",
        ),
        (
            "names[input.call.tol] := 1 if true",
            "3:18: there is no `input.call.tol`; did you mean `input.call.tool`?",
        ),
        (
            "f(x) := input.cal[x]",
            "3:15: there is no `input.cal`; did you mean `input.call`?",
        ),
        (
            "default f(x) := {y | y := input.cal}",
            "3:33: there is no `input.cal`; did you mean `input.call`?",
        ),
    ] {
        let module = format!("package aegis.ext\n\n{module}\n");
        assert_eq!(told(&module), [expected], "{module}");
    }
}

#[test]
fn a_mistake_is_told_once_for_each_place() {
    let found = of_body(
        r#"call := input.cal; call.tool == "x"; input.phase == "conect"; input.phase == "conect""#,
    );
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn facts_are_not_judged_while_they_are_not_all_known() {
    let mut engine = Engine::new();
    let module = "package aegis.ext\n\nallowed if input.facts.elsewhere\n\nother if input.fcts.x\n";
    engine
        .add_policy("own.rego".to_owned(), module.to_owned())
        .unwrap();
    let modules = engine.get_modules();
    let of_facts = |facts| check(&modules[0], Declared { facts, data: None });
    assert_eq!(of_facts(None).len(), 1);
    assert_eq!(of_facts(Some(&[])).len(), 2);
}

/// A body, and indented below it where it is wrong and what is told.
fn pairs(table: &str) -> Vec<[&str; 2]> {
    let lines: Vec<&str> = table.lines().map(str::trim).collect();
    let (pairs, rest) = lines.as_chunks();
    assert!(rest.is_empty());
    pairs.to_vec()
}

const GOOD: &str = r#"input.call.tool == "http"
input["call"]["tool"] == "http"
input.phase == "connect"; input.destination.port == 22
input.phase == "request"; input.http.method == "POST"
input.phase != "request"; input.destination.path == "/x"
input.phase != "connect"; input.call.parameters.amount > 1
not input.phase == "connect"; input.http.method == "PUT"
input.phase in {"connect", "request"}; input.call.parameters.whatever
input.call.parameters.card.number[0].anything == {"free": null}
input.agent.labels.team == "money"; input.tenant.labels["cost centre"]
input.tenant.regions == null
"eu-central-1" in input.tenant.regions
some region in input.tenant.regions; region == "mars"
input.facts.european; not input.facts["known_customer"]
input.patterns.iban == false
call := input.call; call.tool == "http"; call.kind == "tool"
call = input.call; call.model == "any"
input.call = call; call.action == "get"
some found in input.dlp.findings; found.type == "EMAIL_ADDRESS"; found.count > 2
some i; found := input.dlp.findings[i]; found.class == "pci"; i > 0
input.dlp.findings[_].path == "body:/x"
every found in input.dlp.findings { found.type != "SECRET_PRIVATE_KEY" }
count([t | some t in input.dlp.types; t == "SECRET_AWS"]) > 0
"CREDIT_CARD" in input.dlp.types; input.dlp.types[0] == "EMAIL_ADDRESS"
some name, value in input.call.parameters; startswith(name, "x"); value.y
object.get(input.call, "model", "none") == "none"
object.get(input, ["call", "parameters", "amount", "value"], 0) > 3
object.get(input, "phase", "neither") == "neither"
some name in ["tool", "tol"]; input.call[name] == "x"
some call in input.call.parameters.calls; call.tol == "x"
call := input.call; [1 | some call in input.call.parameters.list; call.tol]
input.cal == 1 with input as {"cal": 1}
input.version == 1; input.call.stream == true; input.front == "forward"
input.destination.candidates[_] == ".example.com"; 443 == input.destination.port
sprintf("%v", [input.dlp]) != ""
input.call.misspelled != []; input.id; input.time; input.region
{"connect": true}[input.phase]
data.input.cal.tool == 1"#;

const NEVER: &str = r#"input.cal.tool == "http"
    4:8: there is no `input.cal`; did you mean `input.call`?
input.call.tol == "http"
    4:13: there is no `input.call.tol`; did you mean `input.call.tool`?
input["cal"].tool == "http"
    4:9: there is no `input.cal`; did you mean `input.call`?
input["call"]["tol"]
    4:17: there is no `input.call.tol`; did you mean `input.call.tool`?
input[`cal`]
    4:9: there is no `input.cal`; did you mean `input.call`?
not input.call.opaqe
    4:17: there is no `input.call.opaqe`; did you mean `input.call.opaque`?
input.call.whatsoever == 1
    4:13: there is no `input.call.whatsoever`; `input.call` has kind, tool, action, parameters, misspelled, model, stream, truncated, unread, opaque, changed
input.ext.deny
    4:8: there is no `input.ext`; it holds what the modules have found, and is not there for themselves
input.phase == "conect"
    4:18: `input.phase` is never `conect`; did you mean `connect`?
"reqest" != input.phase
    4:3: `input.phase` is never `reqest`; did you mean `request`?
input.phase = "x"
    4:17: `input.phase` is never `x`; it can be `connect`, `request`, `proposed_call`
input.phase in {"connect", "reqest"}
    4:30: `input.phase` is never `reqest`; did you mean `request`?
input.agent.auth == "anonymus"
    4:23: `input.agent.auth` is never `anonymus`; did you mean `anonymous`?
input.call.kind == "LLM"
    4:22: `input.call.kind` is never `LLM`; it can be `tunnel`, `http`, `tool`, `llm`, `mcp`, `a2a`, `grpc`
input.destination.scheme == "htps"
    4:31: `input.destination.scheme` is never `htps`; did you mean `https`?
input.front == "reverse"
    4:18: `input.front` is never `reverse`; it can be `forward`, `gateway`
"EMIAL_ADDRESS" in input.dlp.types
    4:3: `input.dlp.types[…]` is never `EMIAL_ADDRESS`; did you mean `EMAIL_ADDRESS`?
input.dlp.classes[_] == "secrets"
    4:27: `input.dlp.classes[…]` is never `secrets`; did you mean `secret`?
input.destination.port == "443"
    4:29: `input.destination.port` is a number, never "443"
input.call.stream == "true"
    4:24: `input.call.stream` is true or false, never "true"
input.call.model == null
    4:22: `input.call.model` is a text, never null
input.dlp.types == "EMAIL_ADDRESS"
    4:22: `input.dlp.types` is a list, never "EMAIL_ADDRESS"
input.dlp.findings.type == "EMAIL_ADDRESS"
    4:21: `input.dlp.findings` is a list and has no `type`; go over it with `some x in input.dlp.findings`
input.call.tool.name == "http"
    4:18: `input.call.tool` is a text: there is nothing in it
some x in input.call.tool; x
    4:12: `input.call.tool` is a text: there is nothing in it
input.facts.europaen
    4:14: there is no fact `europaen`; did you mean `european`?
input.facts["nothing_like_it"]
    4:15: there is no fact `nothing_like_it`
call := input.call; call.tol == "http"
    4:27: there is no `input.call.tol`; did you mean `input.call.tool`?
input.call = call; call.tol == "http"
    4:26: there is no `input.call.tol`; did you mean `input.call.tool`?
phase := input.phase; phase == "conect"
    4:34: `input.phase` is never `conect`; did you mean `connect`?
some found in input.dlp.findings; found.tpye == "EMAIL_ADDRESS"
    4:42: there is no `input.dlp.findings[…].tpye`; did you mean `input.dlp.findings[…].type`?
some i; found := input.dlp.findings[i]; found.type == "EMIAL_ADDRESS"
    4:57: `input.dlp.findings[…].type` is never `EMIAL_ADDRESS`; did you mean `EMAIL_ADDRESS`?
input.dlp.findings[_].clas == "pii"
    4:24: there is no `input.dlp.findings[…].clas`; did you mean `input.dlp.findings[…].class`?
every found in input.dlp.findings { found.knd == "x" }
    4:44: there is no `input.dlp.findings[…].knd`; `input.dlp.findings[…]` has type, class, path, count, confidence
count([t | some t in input.dlp.types; t == "aws"]) > 0
    4:46: `input.dlp.types[…]` is never `aws`; docs/detectors.md has the types
object.get(input.call, "tol", "x") == "y"
    4:26: there is no `input.call.tol`; did you mean `input.call.tool`?
object.get(input, ["call", "tol"], "x") == "y"
    4:30: there is no `input.call.tol`; did you mean `input.call.tool`?
"tol", _ in input.call
    4:3: there is no `input.call.tol`; did you mean `input.call.tool`?
startswith(lower(input.call.acton), "x")
    4:30: there is no `input.call.acton`; did you mean `input.call.action`?
{"x": [input.tenant.name]}
    4:22: there is no `input.tenant.name`; `input.tenant` has id, regions, labels
data.limits[input.tenant.idd] > 1
    4:27: there is no `input.tenant.idd`; did you mean `input.tenant.id`?
data.limits with data.limits as input.limits
    4:40: there is no `input.limits`; `input` has version, phase, id, time, front, region, tenant, agent, chain, destination, call, http, dlp, facts, patterns
input.phase == "connect"; input.http.method == "GET"
    4:34: `input.http` is not there in the phase `connect`
input.call.parameters.amount > 5; "connect" == input.phase
    4:13: `input.call.parameters` is not there in the phase `connect`
not input.phase != "connect"; input.destination.path == "/x"
    4:50: `input.destination.path` is not there in the phase `connect`
phase := input.phase; phase == "connect"; count(input.dlp.types) > 0
    4:60: `input.dlp.types` is not there in the phase `connect`
input.phase == "connect"; object.get(input.call, "model", "") == "x"
    4:52: `input.call.model` is not there in the phase `connect`"#;
