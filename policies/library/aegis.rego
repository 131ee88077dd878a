# The decision on one call: subject, destination, grant, parameters, data, users' own findings.
#
# Two ways through. `connect` and `request` are straight lines of positive checks: where all of them
# hold, the call is allowed and nothing else is evaluated. Otherwise `judgement` says what is wrong.
# Every section of it must answer, or there is no decision and the default denies.
#
# The proxy goes the way of `decision` by itself: it asks the rule of the phase, and `judgement` only
# where that rule has no answer.
#
# The bytecode evaluator is not a complete Rego: no `every`, no partial sets, no loop in a body that
# has an `else`, no arithmetic, no patterns, and a lookup is followed by a test that it was defined.
package aegis

default decision := {
	"outcome": "deny",
	"reasons": [{"rule": "aegis.undefined", "message": "the policy gave no decision"}],
	"obligations": {"redact": [], "restrict_regions": null, "passthrough": false, "refuse_as": "error", "numbers": "deny", "answers": null, "restore": false},
	"would": null,
}

decision := connect if connect.outcome == "allow"
else := request if request.outcome == "allow"
else := judgement

# A tunnel: only who and where are known.
connect := {
	"outcome": "allow",
	"reasons": [],
	"obligations": {"redact": [], "restrict_regions": t.restrict, "passthrough": "blind" in known, "refuse_as": "error", "numbers": "deny", "answers": a.answers, "restore": a.restore},
	"would": null,
} if {
	input.phase == "connect"
	input.ext == {"deny": [], "approval_needed": [], "sanitize": [], "allow": []}
	a := data.compiled.agents[input.agent.id]
	a.tenant == input.tenant.id
	t := data.compiled.tenants[a.tenant]
	hosts := data.compiled.profiles[a.profile].hosts
	destination := input.destination
	known := [hosts[c] | some c in destination.candidates; hosts[c]]
	known != []
	regions := destination.regions
	[r | some r in regions; object.get(t.lawful, r, t.open) == true] == regions
	count(regions) >= t.least
}

# A described request, or a call that a model proposes. `fast` is what the compiler of the data made of the operation's constraints:
# for each kind the parameters to look at, and the list that the check must come to.
request := {
	"outcome": "allow",
	"reasons": [],
	"obligations": {"redact": [], "restrict_regions": t.restrict, "passthrough": false, "refuse_as": p.refuse_as, "numbers": p.numbers, "answers": a.answers, "restore": a.restore},
	"would": null,
} if {
	input.ext == {"deny": [], "approval_needed": [], "sanitize": [], "allow": []}
	a := data.compiled.agents[input.agent.id]
	a.tenant == input.tenant.id
	t := data.compiled.tenants[a.tenant]
	p := data.compiled.profiles[a.profile]
	call := input.call
	granted := p.calls[input.phase]
	actions := object.get(granted.tools, call.tool, granted.unnamed)
	o := object.get(actions, call.action, actions["*"])
	o.granted == true
	call.truncated in o.truncation
	call.opaque == false
	call.changed in p.changed
	chain := input.chain
	chain.depth <= p.depth
	chain.loop in p.loops
	destination := input.destination
	hosts := p.hosts
	[c | some c in destination.candidates; hosts[c]] != []
	regions := destination.regions
	[r | some r in regions; object.get(t.lawful, r, t.open) == true] == regions
	count(regions) >= t.least
	call.misspelled == []
	fast := o.fast
	ps := call.parameters
	is_object(ps)
	[1 | some n, c in fast.number; x := object.get(ps, n, c.absent); x >= c.low; x <= c.high] == fast.numbers
	[1 | some n, c in o.enum; object.get(ps, n, c.absent) in c.values] == fast.enums
	[1 | some n, _ in o.required; object.get(ps, n, null) != null] == fast.required
	patterns := input.patterns
	[1 | some n, _ in o.pattern; object.get(patterns, n, false) == true] == fast.patterns
	[1 | some n, _ in o.forbidden; object.get(ps, n, 1) == object.get(ps, n, 2)] == []
	[1 | some n, _ in o.redact; object.get(ps, n, null) != null] == []
	types := input.dlp.types
	[y | some y in types; ruled(p, y).effect == "allow"] == types
}

# Everything else: what is wrong, and what follows from it.
judgement := shape(findings) if findings.done == true

# By who may suspend it: findings of a policy in shadow, of users' modules, of residency.
# That the caller is not known, or not who it says, is never suspended.
findings := {
	"done": true,
	"live": array.concat(live_policy, array.concat(live_abroad, live_own)),
	"held": array.concat(held_policy, array.concat(held_abroad, held_own)),
	"restrict": t.restrict,
	"passthrough": blind,
	"refuse_as": p.refuse_as,
	"numbers": p.numbers,
	"answers": a.answers,
	"restore": a.restore,
} if {
	a := data.compiled.agents[input.agent.id]
	t := data.compiled.tenants[input.tenant.id]
	p := data.compiled.profiles[a.profile]
	a.tenant == input.tenant.id
	is_object(p.hosts)
	is_object(p.calls)
	is_object(p.data)
	is_number(t.least)
	is_boolean(a.shadow)
	is_boolean(t.shadow)
	is_boolean(t.residency_shadow)
	candidates := input.destination.candidates
	is_array(candidates)
	hosts := p.hosts
	known := [hosts[c] | some c in candidates; hosts[c]]
	host := [p.findings.host | known == []]
	blind := ["blind" | "blind" in known; input.phase == "connect"] == ["blind"]
	called := described(p)
	called.done == true
	policy := array.concat(host, called.findings)
	regions := input.destination.regions
	is_array(regions)
	lawful := [r | some r in regions; object.get(t.lawful, r, t.open) == true]
	abroad := array.concat([t.findings.region | lawful != regions], [t.findings.unknown | count(regions) < t.least])
	own := users
	is_array(own)
	live_policy := [f | a.shadow == false; some f in policy]
	held_policy := [f | a.shadow == true; some f in policy]
	live_abroad := [f | t.residency_shadow == false; some f in abroad]
	held_abroad := [f | t.residency_shadow == true; some f in abroad]
	live_own := [f | t.shadow == false; some f in own]
	held_own := [f | t.shadow == true; some f in own]
} else := refused("tenant.unknown", "the caller's tenant is not known to the policy") if {
	id := object.get(input.tenant, "id", "")
	object.get(data.compiled.tenants, id, null) == null
} else := refused("agent.unknown", "the calling agent is not known to the policy") if {
	id := object.get(input.agent, "id", "")
	object.get(data.compiled.agents, id, null) == null
} else := refused("agent.tenant", "the calling agent belongs to another tenant") if {
	a := object.get(data.compiled.agents, object.get(input.agent, "id", ""), {})
	object.get(a, "tenant", null) != object.get(input.tenant, "id", "")
}

refused(rule, message) := {
	"done": true,
	"live": [{"effect": "deny", "rule": rule, "message": message}],
	"held": [],
	"restrict": null,
	"passthrough": false,
	"refuse_as": "error",
	"numbers": "deny",
	"answers": null,
	"restore": false,
}

# May this agent do this at all, with these parameters and this data, and was enough seen to say so?
described(p) := {"done": true, "findings": []} if input.phase == "connect"
else := {"done": true, "findings": array.concat(grant, array.concat(behalf, array.concat(parameter, sensitive)))} if {
	granted := p.calls[input.phase]
	is_object(granted.tools)
	lead := p.lead
	is_string(lead)
	sent := input.call
	truncated := sent.truncated
	is_boolean(truncated)
	opaque := sent.opaque
	is_boolean(opaque)
	changed := sent.changed
	is_boolean(changed)
	allowed := input.ext.allow
	is_array(allowed)
	types := input.dlp.types
	is_array(types)
	actions := object.get(granted.tools, sent.tool, granted.unnamed)
	o := object.get(actions, sent.action, actions["*"])
	is_boolean(o.granted)
	upgrades := [c | opaque == true; some c in input.destination.candidates; p.upgrades[c]]
	grant := array.concat(
		[p.findings.tool[input.phase] | o.granted == false; allowed == []],
		array.concat(
			[{"effect": "deny", "rule": "truncated", "message": concat("", [lead, o.truncated])} | truncated == true; o.lenient == false],
			array.concat(
				[p.findings.opaque | opaque == true; upgrades == []],
				[p.findings.changed | not changed in p.changed],
			),
		),
	)
	depth := input.chain.depth
	is_number(depth)
	most := p.depth
	is_number(most)
	looped := input.chain.loop
	is_boolean(looped)
	behalf := array.concat([p.findings.depth | depth > most], [p.findings.loop | not looped in p.loops])
	parameter := constraints(lead, o)
	is_array(parameter)
	sensitive := [{"effect": c.effect, "rule": concat(y, c.rule), "message": concat(y, c.message), "redact": {"data": y, "action": c.action}} | some y in types; c := ruled(p, y); c.effect != "allow"]
}

# What is done about a type of data: what its own rule says, else that of its class.
ruled(p, kind) := object.get(p.data, kind, object.get(p.data, object.get(data.compiled.classes, kind, ""), p.findings.unclassified))

# Every kind of constraint has its own map, so that one that nobody uses costs next to nothing.
constraints(lead, o) := [f | some g in groups; some f in g] if {
	misspelled := input.call.misspelled
	is_array(misspelled)
	ps := input.call.parameters
	is_object(ps)
	patterns := input.patterns
	is_object(patterns)
	[n | some n in misspelled; o.name[n]] == misspelled
	groups := [
		[{"effect": "deny", "rule": "parameter.name", "message": concat("", [lead, c.message])} | some n in misspelled; c := o.name[n]],
		[{"effect": "deny", "rule": "parameter.type", "message": concat("", [lead, c.message])} | some n, c in o.type; x := object.get(ps, n, 0); not is_number(x)],
		[{"effect": "deny", "rule": "parameter.min", "message": concat("", [lead, c.message])} | some n, c in o.min; x := object.get(ps, n, c.value); is_number(x); x < c.value],
		[{"effect": "deny", "rule": "parameter.max", "message": concat("", [lead, c.message])} | some n, c in o.max; x := object.get(ps, n, c.value); is_number(x); x > c.value],
		[{"effect": "approval_needed", "rule": "parameter.approve_above", "message": concat("", [lead, c.message])} | some n, c in o.above; x := object.get(ps, n, c.value); is_number(x); x > c.value],
		[{"effect": "deny", "rule": "parameter.enum", "message": concat("", [lead, c.message])} | some n, c in o.enum; x := object.get(ps, n, c.absent); not x in c.values],
		[{"effect": "deny", "rule": "parameter.required", "message": concat("", [lead, c.message])} | some n, c in o.required; object.get(ps, n, null) == null],
		[{"effect": "deny", "rule": "parameter.forbidden", "message": concat("", [lead, c.message])} | some n, c in o.forbidden; object.get(ps, n, 1) == object.get(ps, n, 2)],
		[{"effect": "deny", "rule": "parameter.pattern", "message": concat("", [lead, c.message])} | some n, c in o.pattern; object.get(patterns, n, false) != true],
		[{"effect": "sanitize", "rule": "parameter.redact", "message": concat("", [lead, c.message]), "redact": {"parameter": n, "action": c.action}} | some n, c in o.redact; object.get(ps, n, null) != null],
	]
}

# The users' own modules run as a program of their own; the host hands in what they found.
users := array.concat(
	[{"effect": "deny", "rule": x.rule, "message": x.message} | some x in e.deny],
	array.concat(
		[{"effect": "approval_needed", "rule": x.rule, "message": x.message} | some x in e.approval_needed],
		[{"effect": "sanitize", "rule": x.rule, "message": x.message, "redact": x.redact} | some x in e.sanitize],
	),
) if {
	e := input.ext
	is_array(e.deny)
	is_array(e.approval_needed)
	is_array(e.sanitize)
}

# The strongest effect decides; what is to be redacted holds in any case.
shape(found) := {
	"outcome": hit.outcome,
	"reasons": [{"rule": f.rule, "message": f.message} | some f in hit.findings],
	"obligations": {
		"redact": [f.redact | some f in redactions],
		"restrict_regions": found.restrict,
		"passthrough": found.passthrough,
		"refuse_as": found.refuse_as,
		"numbers": found.numbers,
		"answers": found.answers,
		"restore": found.restore,
	},
	"would": would(found),
} if {
	live := found.live
	denies := [f | some f in live; f.effect == "deny"]
	approvals := [f | some f in live; f.effect == "approval_needed"]
	redactions := [f | some f in live; f.effect == "sanitize"]
	hit := strongest(denies, approvals, redactions)
}

would(found) := null if found.held == []
else := {
	"outcome": hit.outcome,
	"reasons": [{"rule": f.rule, "message": f.message} | some f in hit.findings],
} if {
	all := array.concat(found.live, found.held)
	denies := [f | some f in all; f.effect == "deny"]
	approvals := [f | some f in all; f.effect == "approval_needed"]
	redactions := [f | some f in all; f.effect == "sanitize"]
	hit := strongest(denies, approvals, redactions)
}

strongest(denies, approvals, redactions) := {"outcome": "deny", "findings": denies} if denies != []
else := {"outcome": "approval_needed", "findings": approvals} if approvals != []
else := {"outcome": "sanitize", "findings": redactions} if redactions != []
else := {"outcome": "allow", "findings": []}
