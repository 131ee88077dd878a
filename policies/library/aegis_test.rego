# Run by the tests of the policy crate on the interpreter; `opa test` understands it as well.
package aegis_test

import data.aegis

test_an_allowed_call_has_no_reasons if {
	d := decide(input_of({}))
	d.outcome == "allow"
	d.reasons == []
	d.would == null
	d.obligations == {"redact": [], "restrict_regions": ["eu"], "passthrough": false, "refuse_as": "error", "numbers": "deny", "answers": null, "restore": false}
}

test_no_input_is_denied if {
	d := aegis.decision with data.compiled as policy with input as {}
	d.outcome == "deny"
	[r.rule | some r in d.reasons] == ["aegis.undefined"]
}

test_an_input_without_parameters_is_denied if {
	i := input_of({})
	d := decide(object.union(i, {"call": {"parameters": null}}))
	d.outcome == "deny"
	[r.rule | some r in d.reasons] == ["aegis.undefined"]
}

test_a_misspelled_parameter_is_denied if {
	d := decide(object.union(input_of({}), {"call": {"misspelled": ["amount"]}}))
	d.outcome == "deny"
	d.reasons == [{"rule": "parameter.name", "message": "profile \"p\": amount"}]
}

test_a_misspelled_parameter_that_the_operation_does_not_know_is_denied if {
	d := decide(object.union(input_of({}), {"call": {"misspelled": ["amount", "other"]}}))
	[r.rule | some r in d.reasons] == ["aegis.undefined"]
}

test_an_input_that_does_not_say_what_is_misspelled_is_denied if {
	d := decide(object.union(input_of({}), {"call": {"misspelled": null}}))
	[r.rule | some r in d.reasons] == ["aegis.undefined"]
}

test_an_input_without_data_findings_is_denied if {
	d := decide(object.remove(input_of({}), ["dlp"]))
	d.outcome == "deny"
	[r.rule | some r in d.reasons] == ["aegis.undefined"]
}

test_a_proposed_call_is_judged_by_what_models_may_propose if {
	f := object.union(input_of({}), {"phase": "proposed_call", "call": {"tool": "f", "action": "propose"}})
	decide(f).outcome == "allow"
	granted_to_agents_only := object.union(f, {"call": {"tool": "x", "action": "y"}})
	[r.rule | some r in decide(granted_to_agents_only).reasons] == ["tool"]
	granted_to_models_only := object.union(f, {"phase": "request"})
	[r.rule | some r in decide(granted_to_models_only).reasons] == ["tool"]
}

test_a_changed_tool_is_denied_where_the_profile_does_not_let_it_pass if {
	i := object.union(input_of({}), {"call": {"changed": true}})
	[r.rule | some r in decide(i).reasons] == ["mcp.changed_tool"]
	lenient := object.union(policy, {"profiles": {"p": {"changed": [false, true]}}})
	d := aegis.decision with data.compiled as lenient with input as i
	d.outcome == "allow"
}

test_an_input_that_does_not_say_whether_the_tool_has_changed_is_denied if {
	d := decide(object.union(input_of({}), {"call": {"changed": null}}))
	[r.rule | some r in d.reasons] == ["aegis.undefined"]
}

test_a_refusal_says_how_the_profile_wants_it_told if {
	told := with_role({"allowed": {"request": {"seen": allowed({"refuse_as": "tool_result"})}}})
	d := aegis.decision with data.compiled as told with input as object.union(input_of({}), {"call": {"opaque": true}})
	d.outcome == "deny"
	d.obligations.refuse_as == "tool_result"
}

test_what_is_done_about_answers_goes_with_every_decision if {
	rules := {"data": {"EMAIL_ADDRESS": "sanitize"}, "unread": "deny"}
	searched := with_role({"allowed": {"request": {"seen": allowed({"answers": rules})}}})
	allowed := aegis.decision with data.compiled as searched with input as input_of({})
	allowed.obligations.answers == rules
	denied := aegis.decision with data.compiled as searched with input as object.union(input_of({}), {"call": {"opaque": true}})
	denied.outcome == "deny"
	denied.obligations.answers == rules
}

test_data_goes_by_the_rule_of_its_type_then_of_its_class_then_by_none if {
	rules := {"pii": ruled("sanitize"), "EMAIL_ADDRESS": ruled("allow")}
	profile := object.union(policy.profiles.p, {"data": rules})
	by_class := object.union(policy, {"profiles": {"p": profile}, "classes": {"EMAIL_ADDRESS": "pii", "PHONE_NUMBER": "pii", "CREDIT_CARD": "pci"}})
	about(by_class, ["EMAIL_ADDRESS"]).outcome == "allow"
	both := about(by_class, ["EMAIL_ADDRESS", "PHONE_NUMBER"])
	both.outcome == "sanitize"
	both.reasons == [{"rule": "data.PHONE_NUMBER", "message": "a PHONE_NUMBER here"}]
	both.obligations.redact == [{"data": "PHONE_NUMBER", "action": "label"}]
	unruled := about(by_class, ["CREDIT_CARD"])
	unruled.outcome == "deny"
	[r.rule | some r in unruled.reasons] == ["data.unclassified"]
}

test_a_chain_up_to_the_limit_is_allowed if {
	decide(on_behalf({"depth": 2})).outcome == "allow"
	too_deep := decide(on_behalf({"depth": 3}))
	too_deep.outcome == "deny"
	[r.rule | some r in too_deep.reasons] == ["chain.depth"]
}

test_a_loop_is_denied_where_loops_are if {
	looped := on_behalf({"depth": 1, "loop": true})
	[r.rule | some r in decide(looped).reasons] == ["chain.loop"]
	lenient := object.union(policy, {"profiles": {"p": {"loops": [false, true]}}})
	d := aegis.decision with data.compiled as lenient with input as looped
	d.outcome == "allow"
}

test_a_loop_that_is_too_deep_is_both if {
	d := decide(on_behalf({"depth": 9, "loop": true}))
	[r.rule | some r in d.reasons] == ["chain.depth", "chain.loop"]
}

test_a_tunnel_has_no_chain if {
	i := object.remove(object.union(input_of({}), {"phase": "connect"}), ["chain"])
	decide(i).outcome == "allow"
}

test_a_chain_that_is_not_known_or_not_of_its_type_is_denied if {
	undefined := ["aegis.undefined"]
	[r.rule | some r in decide(object.remove(input_of({}), ["chain"])).reasons] == undefined
	[r.rule | some r in decide(on_behalf({"depth": "1"})).reasons] == undefined
	[r.rule | some r in decide(on_behalf({"loop": null})).reasons] == undefined
}

on_behalf(chain) := object.union(input_of({}), {"chain": chain})

test_an_unknown_phase_is_denied if {
	d := decide(object.union(input_of({}), {"phase": "reply"}))
	d.outcome == "deny"
}

test_deny_goes_before_approval_and_approval_before_sanitize if {
	note := {"rule": "n", "message": "n", "redact": {"parameter": "note"}}
	ask := {"rule": "q", "message": "q"}
	no := {"rule": "d", "message": "d"}
	found("sanitize", {"deny": [], "approval_needed": [], "sanitize": [note], "allow": []})
	found("approval_needed", {"deny": [], "approval_needed": [ask], "sanitize": [note], "allow": []})
	found("deny", {"deny": [no], "approval_needed": [ask], "sanitize": [note], "allow": []})
}

test_an_unknown_tenant_is_denied_even_where_everything_is_in_shadow if {
	d := decide(object.union(input_of({}), {"tenant": {"id": "nobody"}}))
	[r.rule | some r in d.reasons] == ["tenant.unknown"]
	d.obligations.restrict_regions == null
}

test_an_agent_of_another_tenant_and_one_of_none_are_denied if {
	of_another := decide(object.union(input_of({}), {"agent": {"id": "b"}}))
	[r.rule | some r in of_another.reasons] == ["agent.tenant"]
	of_none := decide(object.union(input_of({}), {"agent": {"id": "c"}}))
	[r.rule | some r in of_none.reasons] == ["agent.unknown"]
}

test_a_request_is_not_answered_as_a_tunnel if {
	not aegis.connect with data.compiled as policy with input as input_of({})
	tunnel := object.union(input_of({}), {"phase": "connect"})
	aegis.connect.outcome == "allow" with data.compiled as policy with input as tunnel
	not aegis.request with data.compiled as policy with input as tunnel
}

test_what_is_in_shadow_is_said_and_does_not_count if {
	own := object.union(input_of({}), {"ext": {"deny": [{"rule": "d", "message": "d"}]}, "call": {"opaque": true}})
	without_policy := aegis.decision with data.compiled as with_role({"policy": false, "enforced": false}) with input as own
	[r.rule | some r in without_policy.reasons] == ["d"]
	[r.rule | some r in without_policy.would.reasons] == ["opaque", "d"]
	without_both := aegis.decision with data.compiled as with_role({"policy": false, "modules": false, "enforced": false}) with input as own
	without_both.outcome == "allow"
	without_both.would.outcome == "deny"
}

test_a_missing_answer_of_users_modules_is_denied if {
	d := decide(object.remove(input_of({}), ["ext"]))
	[r.rule | some r in d.reasons] == ["aegis.undefined"]
}

found(outcome, ext) if {
	d := decide(object.union(input_of({}), {"ext": ext}))
	d.outcome == outcome
	count(d.reasons) == 1
}

about(compiled, types) := d if {
	d := aegis.decision with data.compiled as compiled with input as object.union(input_of({}), {"dlp": {"types": types}})
}

ruled(effect) := {"effect": effect, "action": "label", "rule": ["data.", ""], "message": ["a ", " here"]}

decide(i) := d if {
	d := aegis.decision with data.compiled as policy with input as i
}

input_of(parameters) := {
	"phase": "request",
	"tenant": {"id": "t"},
	"agent": {"id": "a"},
	"chain": {"depth": 0, "loop": false},
	"destination": {"candidates": ["h.example", ".example"], "regions": ["eu"]},
	"call": {"tool": "x", "action": "y", "parameters": parameters, "misspelled": [], "unread": "nothing", "opaque": false, "changed": false},
	"dlp": {"findings": [], "types": [], "classes": []},
	"patterns": {},
	"ext": {},
}

policy := {
	"tenants": {"t": {
		"lawful": {"eu": true},
		"open": false,
		"usual": [["eu"]],
		"unknown": [],
		"findings": {"region": deny("region"), "unknown": deny("region")},
		"agents": {"a": "p"},
		"roles": {"p": role},
	}},
	"owners": {"a": "t", "b": "other"},
	"profiles": {"p": {
		"lead": "profile \"p\": ",
		"hosts": {".example": "seen"},
		"upgrades": {},
		"depth": 2,
		"loops": [false],
		"data": {},
		"changed": [false],
		"calls": {
			"request": {"tools": {"x": {"y": operation(true), "*": operation(false)}}, "unnamed": {"*": operation(false)}},
			"proposed_call": {"tools": {"f": {"propose": operation(true), "*": operation(false)}}, "unnamed": {"*": operation(false)}},
		},
		"findings": {"host": deny("host"), "tool": {"request": deny("tool"), "proposed_call": deny("tool")}, "depth": deny("chain.depth"), "loop": deny("chain.loop"), "opaque": deny("opaque"), "changed": deny("mcp.changed_tool"), "unclassified": {"effect": "deny", "action": "label", "rule": ["data.unclassified"], "message": ["unclassified"]}},
	}},
}

role := {
	"policy": true,
	"residency": true,
	"modules": true,
	"enforced": true,
	"allowed": {
		"connect": {"seen": allowed({}), "blind": allowed({"passthrough": true})},
		"request": {"seen": allowed({})},
		"proposed_call": {"seen": allowed({})},
	},
}

allowed(terms) := {
	"outcome": "allow",
	"reasons": [],
	"obligations": object.union({"redact": [], "restrict_regions": ["eu"], "passthrough": false, "refuse_as": "error", "numbers": "deny", "answers": null, "restore": false}, terms),
	"would": null,
}

# The policy with other roles.
with_role(changes) := object.union(policy, {"tenants": {"t": {"roles": {"p": changes}}}})

deny(rule) := {"rule": rule, "message": rule}

operation(granted) := {
	"granted": granted,
	"unread": ["nothing"],
	"truncated": "truncated",
	"name": {"amount": {"message": "amount"}},
	"type": {},
	"min": {},
	"max": {},
	"above": {},
	"enum": {},
	"required": {},
	"forbidden": {},
	"pattern": {},
	"redact": {},
	"fast": {"bounds": {}, "bounded": [], "enum": {}, "chosen": [], "unwanted": {}, "patterns": {}},
}
