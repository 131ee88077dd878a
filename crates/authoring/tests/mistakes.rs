//! Mistakes of authors: each is told at its place, with a hint where one helps, and all of them at once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test: to fail loudly is its job"
)]

mod common;

use common::{COMPANY, complaints};

/// What is told of `text` beside a tenant with the agents `a` and `b`, policies for both and a tool.
fn told(text: &str) -> Vec<String> {
    complaints([("base.yaml", BASE), ("mine.yaml", text)])
}

#[track_caller]
fn table(rows: &[(&str, &[&str])]) {
    for (text, expected) in rows {
        assert_eq!(told(text), *expected, "of\n{text}");
    }
}

#[test]
fn what_is_not_a_document_of_a_known_kind_is_refused() {
    table(&[
        (
            "apiVersion: aegis.dev/v2\nkind: Tenant\nmetadata: {name: x}\nspec: {}\n",
            &["mine.yaml:1:13: `apiVersion`: expected `aegis.dev/v1`"],
        ),
        (
            "apiVersion: aegis.dev/v1\nkind: Tennant\nmetadata: {name: x}\nspec: {}\n",
            &[
                "mine.yaml:2:7: `kind`: expected one of `Tenant`, `AgentPolicy`, `Tool`, `Provider`, `DlpProfile`; did you mean `Tenant`?",
            ],
        ),
        (
            "apiVersion: v1\nkind: Deployment\nmetadata: {name: x}\nspec: {}\n",
            &[
                "mine.yaml:1:13: `apiVersion`: expected `aegis.dev/v1`",
                "mine.yaml:2:7: `kind`: expected one of `Tenant`, `AgentPolicy`, `Tool`, `Provider`, `DlpProfile`",
            ],
        ),
        (
            "apiversion: aegis.dev/v1\nkind: Tenant\nmetadata: {name: x}\nspec: {}\n",
            &["mine.yaml:1:1: unknown key `apiversion`; did you mean `apiVersion`?"],
        ),
        (
            "kind: Tenant\nmetadata: {name: x}\nspec: {}\n",
            &["mine.yaml:1:1: the key `apiVersion` is missing"],
        ),
        (
            "apiVersion: aegis.dev/v1\nmetadata: {name: x}\nspec: {}\n",
            &["mine.yaml:1:1: the key `kind` is missing"],
        ),
        (
            "apiVersion: aegis.dev/v1\nkind: Tenant\nmetadata: {}\naegis: {}\n",
            &[
                "mine.yaml:1:1: the key `spec` is missing",
                "mine.yaml:3:11: the key `name` is missing",
                "mine.yaml:4:1: unknown key `aegis`; known keys are `apiVersion`, `kind`, `metadata`, `spec`",
            ],
        ),
        (
            "apiVersion: aegis.dev/v1\nkind: Tenant\nmetadata: {name: ''}\nspec: {}\n",
            &["mine.yaml:3:18: a name is not empty"],
        ),
        (
            "- a list\n",
            &[
                "mine.yaml:1:1: expected a mapping with the key `aegis`, or with data of your own modules, found a list",
            ],
        ),
    ]);
}

#[test]
fn what_is_not_enforced_yet_is_refused_by_name() {
    let said = "this is not enforced yet, so it is refused; leave it out";
    let of = |place: &str, key: &str| format!("mine.yaml:{place}: `{key}`: {said}");
    let policy = told(
        "apiVersion: aegis.dev/v1\nkind: AgentPolicy\nmetadata: {name: x}\nspec:\n  agents: {ids: [a]}\n  riskTier: high\n  budgets: {daily: 5}\n",
    );
    assert_eq!(
        policy,
        [SELECTED, &of("6:13", "riskTier"), &of("7:12", "budgets")]
    );
    let dlp = told(
        "apiVersion: aegis.dev/v1\nkind: DlpProfile\nmetadata: {name: x, labels: {a: b}}\nspec: {types: {}}\n",
    );
    assert_eq!(dlp, [of("3:29", "labels")]);
}

#[test]
fn a_mistake_of_form_has_its_place_and_the_nearest_match() {
    table(&[
        (
            "apiVersion: aegis.dev/v1\nkind: Tenant\nmetadata: {name: x}\nspec: {region: [a], mode: shadov}\n",
            &[
                "mine.yaml:4:8: unknown key `region`; did you mean `regions`?",
                "mine.yaml:4:27: `mode`: expected one of `enforce`, `shadow`; did you mean `shadow`?",
            ],
        ),
        (
            "apiVersion: aegis.dev/v1\nkind: DlpProfile\nmetadata: {name: x}\nspec:\n  types: {emial: deny, EMAIL_ADDRESS: dney}\n  detectors: {Badge: {pattern: a}, BADGE: {patern: a}}\n",
            &[
                "mine.yaml:5:11: `emial`: nothing has this name",
                "mine.yaml:5:39: `EMAIL_ADDRESS`: expected one of `allow`, `sanitize`, `approval_needed`, `deny`; did you mean `deny`?",
                "mine.yaml:6:15: `Badge`: `Badge` is not a name for a type of data, such as `EMPLOYEE_NUMBER`",
                "mine.yaml:6:44: unknown key `patern`; did you mean `pattern`?",
            ],
        ),
        (
            "apiVersion: aegis.dev/v1\nkind: Tenant\nmetadata: {name: x}\nspec:\n",
            &["mine.yaml:4:5: `spec`: expected a mapping, found nothing"],
        ),
        (
            "apiVersion: aegis.dev/v1\nkind: AgentPolicy\nmetadata: {name: x}\nspec:\n  agents: {ids: [a]}\n  tools:\n    - tool: t\n      actions: [get]\n      parameters:\n        n: {maximum: 5, approve_above: 3, pattern: {regex: a, glob: b}}\n",
            &[
                SELECTED,
                "mine.yaml:10:13: unknown key `maximum`; known keys are `min`, `max`, `approveAbove`, `enum`, `pattern`, `required`, `forbidden`, `redact`",
                "mine.yaml:10:25: unknown key `approve_above`; did you mean `approveAbove`?",
                "mine.yaml:10:52: `pattern`: expected one of `regex`, `glob`, `cidr`",
            ],
        ),
    ]);
}

/// Each text has mistakes of both sorts in one document.
#[test]
fn a_mistake_of_form_hides_none_of_meaning_beside_it_and_none_is_told_that_only_follows_from_it() {
    table(&[
        (
            "apiVersion: aegis.dev/v1\nkind: AgentPolicy\nmetadata: {name: x}\nspec:\n  agents: {idss: [a]}\n  mode: shadov\n  egress: {hosts: [\"no host\"]}\n  tools:\n    - {tool: t, actions: []}\n    - {tool: u, action: [get]}\n    - {tool: t, actions: [get], parameters: {n: {min: 5, max: 3}}}\n",
            &[
                "mine.yaml:5:12: unknown key `idss`; did you mean `ids`?",
                "mine.yaml:6:9: `mode`: expected one of `enforce`, `shadow`; did you mean `shadow`?",
                "mine.yaml:7:20: `no host` is not a host, a .suffix or either with a port: the host has a character that no DNS name may have; international names are written as xn--",
                "mine.yaml:9:26: a grant has at least one action; `*` is any",
                "mine.yaml:10:17: unknown key `action`; did you mean `actions`?",
                "mine.yaml:11:49: no number lies between `min` and `max`: the range is empty",
            ],
        ),
        (
            "apiVersion: aegis.dev/v1\nkind: Tenant\nmetadata: {name: x}\nspec: {regions: [], mode: shadov, agents: {a: {lables: {b: c}}}}\n",
            &[
                "mine.yaml:4:17: no region is lawful, so every call would be denied; leave `regions` out for a tenant that is not bound",
                "mine.yaml:4:27: `mode`: expected one of `enforce`, `shadow`; did you mean `shadow`?",
                "mine.yaml:4:48: unknown key `lables`; did you mean `labels`?",
            ],
        ),
        (
            "apiVersion: aegis.dev/v1\nkind: Provider\nmetadata: {name: x}\nspec: {protocol: opnai, recordable: [a], endpoints: [{host: [a.example]}]}\n",
            &[
                "mine.yaml:4:18: `protocol`: expected one of `http`, `rest`, `openai`, `anthropic`, `bedrock`, `gemini`, `mcp`, `a2a`, `grpc`; did you mean `openai`?",
                "mine.yaml:4:55: unknown key `host`; did you mean `hosts`?",
            ],
        ),
        (
            "apiVersion: aegis.dev/v1\nkind: Tool\nmetadata: {name: x}\nspec: {protocol: htp, host: [a.example], regions: [eu]}\n",
            &[
                "mine.yaml:4:18: `protocol`: expected one of `http`, `rest`, `openai`, `anthropic`, `bedrock`, `gemini`, `mcp`, `a2a`, `grpc`; did you mean `http`?",
                "mine.yaml:4:23: unknown key `host`; did you mean `hosts`?",
            ],
        ),
        (
            "apiVersion: aegis.dev/v1\nkind: Tenant\nmetadata: {nam: x}\nspec: {agents: {c: {}}}\n---\napiVersion: aegis.dev/v1\nkind: AgentPolicy\nmetadata: {name: x}\nspec: {agents: {ids: [c, d]}, dlp: lax, proposed: {}}\n---\napiVersion: aegis.dev/v1\nkind: DlpProfile\nmetadata: {name: lax}\nspec: {types: {EMAIL_ADRESS: deny, EMPLOYEE: deny}, detectors: {EMPLOYEE: {patern: a}, OTHER: {pattern: \"(\"}}}\n",
            &[
                "mine.yaml:3:12: unknown key `nam`; did you mean `name`?",
                "mine.yaml:9:41: unknown key `proposed`; known keys are `agents`, `mode`, `tools`, `egress`, `dlp`, `truncatedBodies`, `grpcBodies`, `proposedCalls`, `mcp`, `chain`, `budgets`, `riskTier`",
                "mine.yaml:14:30: there is no data type `EMAIL_ADRESS`, and no class of that name; did you mean `EMAIL_ADDRESS`?",
                "mine.yaml:14:76: unknown key `patern`; did you mean `pattern`?",
                "mine.yaml:14:105: the detector `OTHER`: it is no regular expression: unclosed group",
            ],
        ),
    ]);
}

#[test]
fn a_reference_to_what_is_not_there_is_told_with_the_nearest_name() {
    table(&[
        (
            "apiVersion: aegis.dev/v1\nkind: AgentPolicy\nmetadata: {name: x}\nspec:\n  agents: {tenant: acm}\n  dlp: strct\n",
            &[
                "mine.yaml:5:20: there is no Tenant `acm`; did you mean `acme`?",
                "mine.yaml:6:8: there is no DlpProfile `strct`; did you mean `strict`?",
            ],
        ),
        (
            "apiVersion: aegis.dev/v1\nkind: Tool\nmetadata: {name: x}\nspec: {protocol: http, provider: clod}\n",
            &["mine.yaml:4:34: there is no Provider `clod`; did you mean `cloud`?"],
        ),
        (
            "apiVersion: aegis.dev/v1\nkind: Tenant\nmetadata: {name: x}\nspec: {agents: {agent-one: {}, agent-two: {}}}\n---\napiVersion: aegis.dev/v1\nkind: AgentPolicy\nmetadata: {name: x}\nspec:\n  agents: {ids: [agent-oen]}\n",
            &[
                "mine.yaml:4:43: no AgentPolicy selects the agent `agent-two`; every call of it would be denied; name it in the `agents` of a policy",
                "mine.yaml:10:18: there is no agent `agent-oen`; did you mean `agent-one`?",
            ],
        ),
        (
            "apiVersion: aegis.dev/v1\nkind: Tenant\nmetadata: {name: x}\nspec: {agents: {c: {}}}\n---\napiVersion: aegis.dev/v1\nkind: AgentPolicy\nmetadata: {name: x}\nspec:\n  agents: {tenant: x, ids: [c, a]}\n",
            &["mine.yaml:10:32: there is no agent `a` of the tenant `x`; did you mean `c`?"],
        ),
    ]);
}

#[test]
fn every_agent_is_under_exactly_one_policy_and_every_policy_over_somebody() {
    let policy = |agents: &str| {
        format!(
            "apiVersion: aegis.dev/v1\nkind: AgentPolicy\nmetadata: {{name: x}}\nspec:\n  agents: {agents}\n"
        )
    };
    let rows = [
        (
            "{labels: {team: two}}",
            "mine.yaml:5:11: the agent `b` is already selected by the policy `both` at base.yaml:11:21; an agent has one",
        ),
        (
            "{labels: {team: three}}",
            "mine.yaml:5:11: this selects no agent of any Tenant",
        ),
        (
            "{ids: []}",
            "mine.yaml:5:11: say which agents: by `ids`, by `labels`, or all of a `tenant`",
        ),
        (
            "{}",
            "mine.yaml:5:11: say which agents: by `ids`, by `labels`, or all of a `tenant`",
        ),
        (
            "{labels: {}}",
            "mine.yaml:5:11: say which agents: by `ids`, by `labels`, or all of a `tenant`",
        ),
        (
            "{ids: [a], labels: {team: two}}",
            "mine.yaml:5:11: `ids` and `labels` are two ways to select; use one of them",
        ),
    ];
    for (agents, expected) in rows {
        assert_eq!(told(&policy(agents)), [expected], "{agents}");
    }
    table(&[(
        "apiVersion: aegis.dev/v1\nkind: Tenant\nmetadata: {name: x}\nspec:\n  agents:\n    c:\n      labels: {team: two}\n",
        &[
            "mine.yaml:7:7: no AgentPolicy selects the agent `c`; every call of it would be denied; name it in the `agents` of a policy",
        ],
    )]);
}

#[test]
fn the_same_entry_twice_is_told_with_both_places() {
    table(&[
        (
            "apiVersion: aegis.dev/v1\nkind: Tenant\nmetadata: {name: acme}\nspec: {}\n",
            &["mine.yaml:3:18: the Tenant `acme` is already defined at base.yaml:3:18"],
        ),
        (
            "apiVersion: aegis.dev/v1\nkind: Tenant\nmetadata: {name: acme}\nspec: {}\n---\napiVersion: aegis.dev/v1\nkind: AgentPolicy\nmetadata: {name: x}\nspec: {agents: {tenant: acmee}}\n",
            &[
                "mine.yaml:3:18: the Tenant `acme` is already defined at base.yaml:3:18",
                "mine.yaml:9:25: there is no Tenant `acmee`; did you mean `acme`?",
            ],
        ),
        (
            "apiVersion: aegis.dev/v1\nkind: Tenant\nmetadata: {name: x}\nspec: {agents: {a: {}}}\n",
            &[
                "mine.yaml:4:20: `a` is already an agent of the tenant `acme` at base.yaml:4:20; names of agents are unique",
            ],
        ),
        (
            "aegis:\n  tenants:\n    acme: {}\n",
            &["base.yaml:3:18: `acme` is already defined at mine.yaml:3:11"],
        ),
        (
            "mine: 1\n---\nmine: 2\n",
            &["mine.yaml:3:7: `mine` is already defined at mine.yaml:1:7"],
        ),
        (
            "apiVersion: aegis.dev/v1\nkind: Provider\nmetadata: {name: api}\nspec: {protocol: http, endpoints: [{hosts: [x.example]}]}\n",
            &["base.yaml:28:18: `api` is already defined at mine.yaml:3:18"],
        ),
        (
            "apiVersion: aegis.dev/v1\nkind: Tool\nmetadata: {name: x}\nspec: {protocol: http, provider: cloud}\n",
            &[
                "mine.yaml:4:34: the endpoints of `cloud` are already those of `api` at base.yaml:31:13; a host belongs to one tool",
            ],
        ),
    ]);
}

#[test]
fn a_grant_says_what_it_grants_and_says_it_once() {
    let text = "apiVersion: aegis.dev/v1\nkind: Tenant\nmetadata: {name: x}\nspec: {agents: {c: {}}}\n---\napiVersion: aegis.dev/v1\nkind: AgentPolicy\nmetadata: {name: x}\nspec:\n  agents: {tenant: x}\n  tools:\n    - {tool: http, actions: [get, get]}\n    - {tool: http, actions: []}\n    - {tool: http, actions: [post, get]}\n";
    assert_eq!(
        told(text),
        [
            "mine.yaml:12:35: `get` of `http` is already granted at mine.yaml:12:30",
            "mine.yaml:13:29: a grant has at least one action; `*` is any",
            "mine.yaml:14:36: `get` of `http` is already granted at mine.yaml:12:30",
        ]
    );
}

#[test]
fn a_tool_is_somewhere_and_what_is_described_is_used() {
    table(&[
        (
            "apiVersion: aegis.dev/v1\nkind: Tool\nmetadata: {name: x}\nspec: {protocol: http, regions: [eu]}\n",
            &[
                "mine.yaml:3:18: say where the tool is: by `hosts`, or by a `provider`",
                "mine.yaml:4:33: `regions` are those of `hosts`, and there are no `hosts`",
            ],
        ),
        (
            "apiVersion: aegis.dev/v1\nkind: Provider\nmetadata: {name: x}\nspec: {protocol: openai}\n---\napiVersion: aegis.dev/v1\nkind: Provider\nmetadata: {name: y}\nspec: {recordable: [a]}\n---\napiVersion: aegis.dev/v1\nkind: Tool\nmetadata: {name: z}\nspec: {protocol: http, provider: y}\n",
            &[
                "mine.yaml:3:18: a provider with a protocol has at least one endpoint",
                "mine.yaml:9:20: only a provider with a `protocol` has calls of its own to record",
                "mine.yaml:14:34: the provider `y` has no endpoints, and the tool no `hosts`; see mine.yaml:8:18",
            ],
        ),
        (
            "apiVersion: aegis.dev/v1\nkind: Provider\nmetadata: {name: x}\nspec: {endpoints: []}\n---\napiVersion: aegis.dev/v1\nkind: DlpProfile\nmetadata: {name: y}\nspec: {types: {}}\n",
            &[
                "mine.yaml:3:18: no Tool names the provider `x`, and it has no `protocol`",
                "mine.yaml:8:18: no AgentPolicy names the DlpProfile `y`",
            ],
        ),
    ]);
}

/// Only the policy crate finds these, in the compiled data.
#[test]
fn a_mistake_of_meaning_is_told_where_it_was_written() {
    let found = told(MEANT_OTHERWISE);
    let expected = [
        ("5:12", "no region is lawful"),
        ("14:16", "`no host` is not a host"),
        ("16:13", "`apii` is neither a service of the catalogue"),
        (
            "19:25",
            "`payments` has no action `chrge`; did you mean `charge`?",
        ),
        ("21:12", "the range is empty"),
        ("22:12", "`approveAbove` is more than `max`"),
        ("23:22", "not a regular expression"),
        ("24:12", "`enum` is empty"),
        ("25:12", "`forbidden` can have no other rule"),
        ("32:24", "`not a host` is not a host"),
        ("34:32", "a method is written in upper-case letters"),
        ("43:16", "`.192.0.2.1` is a suffix of an address"),
        ("47:26", "is not a field that can be tested"),
    ];
    for (place, message) in expected {
        assert!(
            found
                .iter()
                .any(|line| line.starts_with(&format!("mine.yaml:{place}: "))
                    && line.contains(message)),
            "{place} {message} is not in\n{}",
            found.join("\n")
        );
    }
    assert_eq!(found.len(), expected.len(), "{}", found.join("\n"));
}

#[test]
fn plain_data_is_spoken_of_in_its_own_words() {
    table(&[(
        "aegis:\n  profiles:\n    p:\n      tools: {http: {get: {n: {max: 4, approve_above: 5}}}}\n",
        &["mine.yaml:4:31: `approve_above` is more than `max`, so approval would never be asked"],
    )]);
}

#[test]
fn plain_data_of_a_wrong_form_does_not_hide_what_documents_mean() {
    table(&[(
        "aegis:\n  tennants: {}\n  facts: {far: {glob: 1}}\n---\napiVersion: aegis.dev/v1\nkind: Tenant\nmetadata: {name: x}\nspec: {regions: []}\n",
        &[
            "mine.yaml:2:3: unknown key `tennants`; did you mean `tenants`?",
            "mine.yaml:3:16: the key `of` is missing",
            "mine.yaml:3:23: `glob`: expected text, found a whole number",
            "mine.yaml:8:17: no region is lawful, so every call would be denied; leave `regions` out for a tenant that is not bound",
        ],
    )]);
}

#[test]
fn mistakes_of_all_files_come_out_at_once_and_in_order() {
    let found = complaints([
        (
            "z.yaml",
            "apiVersion: aegis.dev/v1\nkind: Tool\nmetadata: {name: x}\nspec: {}\n",
        ),
        (
            "own.rego",
            "package aegis.ext\n\ndeny contains {\"rule\": \"r\", \"message\": \"m\"} if input.call.tol == \"x\"\n",
        ),
        ("b.yaml", "a: [\n"),
        ("a.yaml", "aegis: {profiles: {p: {hosts: [\"no host\"]}}}\n"),
        ("base.yaml", BASE),
    ]);
    let places: Vec<&str> = found
        .iter()
        .map(|line| line.split_inclusive(' ').next().unwrap().trim_end())
        .collect();
    assert_eq!(
        places,
        [
            "a.yaml:1:32:",
            "b.yaml:1:4:",
            "own.rego:3:59:",
            "z.yaml:3:18:",
            "z.yaml:4:7:"
        ],
        "{}",
        found.join("\n")
    );
}

#[test]
fn what_cannot_be_read_makes_no_complaint_about_those_who_refer_to_it() {
    for broken in [
        "catalogue.yaml",
        "tenants.yaml",
        "team/policies.yaml",
        "own.yaml",
    ] {
        let texts =
            COMPANY.map(|(file, text)| (file, if file == broken { "a: [\n" } else { text }));
        let found = complaints(texts);
        assert_eq!(found.len(), 1, "{}", found.join("\n"));
        assert!(
            found[0].starts_with(&format!("{broken}:1:4: ")),
            "{}",
            found[0]
        );
    }
}

const SELECTED: &str = "mine.yaml:5:18: the agent `a` is already selected by the policy `both` at base.yaml:11:18; an agent has one";

const BASE: &str = r"apiVersion: aegis.dev/v1
kind: Tenant
metadata: {name: acme}
spec: {agents: {a: {}, b: {labels: {team: two}}}}
---
apiVersion: aegis.dev/v1
kind: AgentPolicy
metadata:
  name: both
spec:
  agents: {ids: [a, b]}
  dlp: strict
  tools:
    - {tool: http, actions: [get]}
---
apiVersion: aegis.dev/v1
kind: DlpProfile
metadata: {name: strict}
spec: {types: {EMAIL_ADDRESS: deny}}
---
apiVersion: aegis.dev/v1
kind: Provider
metadata: {name: cloud}
spec: {endpoints: [{hosts: [cloud.example], regions: [eu]}]}
---
apiVersion: aegis.dev/v1
kind: Tool
metadata: {name: api}
spec:
  protocol: http
  provider: cloud
";

const MEANT_OTHERWISE: &str = r#"apiVersion: aegis.dev/v1
kind: Tenant
metadata: {name: x}
spec:
  regions: []
  agents: {c: {}}
---
apiVersion: aegis.dev/v1
kind: AgentPolicy
metadata: {name: x}
spec:
  agents: {tenant: x}
  egress:
    upgrades: ["no host"]
  tools:
    - tool: apii
      actions: [get]
    - tool: payments
      actions: [charge, chrge]
      parameters:
        a: {min: 5, max: 4}
        b: {max: 4, approveAbove: 5}
        c: {pattern: {regex: "("}}
        d: {enum: []}
        e: {forbidden: true, required: true}
---
apiVersion: aegis.dev/v1
kind: Tool
metadata: {name: payments}
spec:
  protocol: rest
  hosts: [pay.example, "not a host"]
  operations:
    - {action: charge, method: post, path: /charges}
---
apiVersion: aegis.dev/v1
kind: Provider
metadata: {name: llm}
spec:
  protocol: openai
  endpoints:
    - {hosts: [llm.example]}
    - {hosts: [.192.0.2.1], regions: [eu]}
---
aegis:
  facts:
    far: {glob: "*", of: destination.hots}
"#;
