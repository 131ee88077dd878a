# The decision on one call: subject, destination, grant, parameters, data, users' own findings.
#
# Two ways through. `connect` and `request` are straight lines of positive checks: when all of them
# hold, the call is allowed and nothing else is evaluated. Otherwise `findings` says what is wrong.
# Every section must answer (`done`), or there is no decision and the default denies.
#
# The bytecode evaluator is not a complete Rego: no `every`, no partial sets, no loop in a body that
# has an `else`, no arithmetic, no patterns, and a lookup is followed by a test that it was defined.
package aegis

default decision := {
	"outcome": "deny",
	"reasons": [{"rule": "aegis.undefined", "message": "the policy gave no decision"}],
	"obligations": {"redact": [], "restrict_regions": null, "passthrough": false},
	"would": null,
}

decision := connect if {
	input.phase == "connect"
	input.ext == {"deny": [], "approval_needed": [], "sanitize": [], "allow": []}
	connect.outcome == "allow"
} else := {
	"outcome": "allow",
	"reasons": [],
	"obligations": {"redact": [], "restrict_regions": request.restrict, "passthrough": false},
	"would": null,
} if {
	input.ext == {"deny": [], "approval_needed": [], "sanitize": [], "allow": []}
	request.ok == [true, true, true]
} else := shape(findings) if findings.done == true

# A tunnel: only who and where are known. The proxy asks this rule first where no module of the users' has
# found anything: it is the whole decision then, or there is none and `decision` says why not.
connect := {
	"outcome": "allow",
	"reasons": [],
	"obligations": {"redact": [], "restrict_regions": t.restrict, "passthrough": "blind" in known},
	"would": null,
} if {
	a := data.compiled.agents[input.agent.id]
	a.tenant == input.tenant.id
	t := data.compiled.tenants[a.tenant]
	hosts := data.compiled.profiles[a.profile].hosts
	known := [hosts[c] | some c in input.destination.candidates; hosts[c]]
	known != []
	regions := input.destination.regions
	[r | some r in regions; object.get(t.lawful, r, t.open) == true] == regions
	count(regions) >= t.least
}

# A described request. `fast` is what the compiler of the data made of the operation's constraints:
# for each kind the parameters to look at, and the list that the check must come to.
request := {"ok": [subject, parameters, types], "subject": subject, "parameters": parameters, "types": types, "restrict": t.restrict} if {
	input.phase == "request"
	a := data.compiled.agents[input.agent.id]
	t := data.compiled.tenants[input.tenant.id]
	p := data.compiled.profiles[a.profile]
	call := input.call
	actions := object.get(p.tools, call.tool, data.compiled.ungranted)
	o := object.get(actions, call.action, actions["*"])
	regions := input.destination.regions
	hosts := p.hosts
	subject := [
		a.tenant == input.tenant.id,
		o.granted,
		call.truncated in o.truncation,
		call.opaque == false,
		[c | some c in input.destination.candidates; hosts[c]] != [],
		[r | some r in regions; object.get(t.lawful, r, t.open) == true] == regions,
		count(regions) >= t.least,
	] == [true, true, true, true, true, true, true]
	fast := o.fast
	ps := call.parameters
	is_object(ps)
	patterns := input.patterns
	misspelled := call.misspelled
	is_array(misspelled)
	parameters := [
		misspelled == [],
		[1 | some n, c in fast.number; x := object.get(ps, n, c.absent); x >= c.low; x <= c.high] == fast.numbers,
		[1 | some n, c in o.enum; object.get(ps, n, c.absent) in c.values] == fast.enums,
		[1 | some n, _ in o.required; object.get(ps, n, null) != null] == fast.required,
		[1 | some n, _ in o.pattern; object.get(patterns, n, false) == true] == fast.patterns,
		[1 | some n, _ in o.forbidden; object.get(ps, n, 1) == object.get(ps, n, 2)] == [],
		[1 | some n, _ in o.redact; object.get(ps, n, null) != null] == [],
	] == [true, true, true, true, true, true, true]
	types := [y | some y in input.dlp.types; p.free[y]] == input.dlp.types
}

# What is wrong, by who may suspend it: findings of a policy in shadow, of users' modules, of residency.
# That the caller is not known, or not who it says, is never suspended.
findings := {
	"done": true,
	"live": live,
	"held": held,
	"restrict": t.restrict,
	"passthrough": blind,
} if {
	a := data.compiled.agents[input.agent.id]
	t := data.compiled.tenants[input.tenant.id]
	p := data.compiled.profiles[a.profile]
	a.tenant == input.tenant.id
	t.least >= 0
	p.tools
	p.hosts
	actions := object.get(p.tools, object.get(input.call, "tool", ""), data.compiled.ungranted)
	o := object.get(actions, object.get(input.call, "action", ""), actions["*"])
	sections := [host(p), grant(p, o), parameter(p, o), sensitive(p)]
	[x.done | some x in sections] == [true, true, true, true]
	region := residency(t)
	region.done == true
	extension := users
	extension.done == true
	blind := passthrough(p)
	policy := [f | some x in sections; some g in x.groups; some f in g]
	abroad := [f | some g in region.groups; some f in g]
	own := [f | some g in extension.groups; some f in g]
	live_policy := [f | some f in policy; a.shadow == false]
	live_abroad := [f | some f in abroad; t.residency_shadow == false]
	live_own := [f | some f in own; t.shadow == false]
	held_policy := [f | some f in policy; a.shadow == true]
	held_abroad := [f | some f in abroad; t.residency_shadow == true]
	held_own := [f | some f in own; t.shadow == true]
	live := array.concat(live_policy, array.concat(live_abroad, live_own))
	held := array.concat(held_policy, array.concat(held_abroad, held_own))
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
}

passthrough(p) := "blind" in known if {
	input.phase == "connect"
	hosts := p.hosts
	known := [hosts[c] | some c in input.destination.candidates; hosts[c]]
} else := false

host(p) := {"done": true, "groups": groups} if {
	hosts := p.hosts
	known := [c | some c in input.destination.candidates; hosts[c]]
	groups := [[p.findings.host | known == []]]
}

residency(t) := {"done": true, "groups": groups} if {
	regions := input.destination.regions
	is_array(regions)
	lawful := [r | some r in regions; object.get(t.lawful, r, t.open) == true]
	groups := [
		[t.findings.region | lawful != regions],
		[t.findings.unknown | count(regions) < t.least],
	]
}

# May this agent do this at all, and was enough of the call seen to say so?
grant(p, o) := {"done": true, "groups": []} if input.phase == "connect"
else := {"done": true, "groups": []} if request.subject == true
else := {"done": true, "groups": groups} if {
	input.phase == "request"
	lead := p.lead
	is_string(lead)
	truncated := input.call.truncated
	is_boolean(truncated)
	opaque := input.call.opaque
	is_boolean(opaque)
	allowed := input.ext.allow
	is_array(allowed)
	upgrades := [c | some c in input.destination.candidates; p.upgrades[c]]
	groups := [
		[p.findings.tool | o.granted == false; allowed == []],
		[{"effect": "deny", "rule": "truncated", "message": concat("", [lead, o.truncated])} | truncated == true; o.lenient == false],
		[p.findings.opaque | opaque == true; upgrades == []],
	]
}

parameter(p, o) := {"done": true, "groups": []} if input.phase == "connect"
else := {"done": true, "groups": []} if request.parameters == true
else := {"done": true, "groups": groups} if {
	input.phase == "request"
	lead := p.lead
	is_string(lead)
	ps := input.call.parameters
	is_object(ps)
	patterns := input.patterns
	is_object(patterns)
	misspelled := input.call.misspelled
	is_array(misspelled)
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
		[{"effect": "sanitize", "rule": "parameter.redact", "message": concat("", [lead, c.message]), "redact": {"parameter": n}} | some n, c in o.redact; object.get(ps, n, null) != null],
	]
}

sensitive(p) := {"done": true, "groups": []} if input.phase == "connect"
else := {"done": true, "groups": []} if request.types == true
else := {"done": true, "groups": groups} if {
	input.phase == "request"
	types := input.dlp.types
	is_array(types)
	groups := [[{"effect": c.effect, "rule": c.rule, "message": c.message, "redact": {"data": y}} | some y in types; c := object.get(p.data, y, p.findings.unclassified); c.effect != "allow"]]
}

# The users' own modules run as a program of their own; the host hands in what they found.
users := {"done": true, "groups": groups} if {
	e := input.ext
	is_array(e.deny)
	is_array(e.approval_needed)
	is_array(e.sanitize)
	groups := [
		[{"effect": "deny", "rule": x.rule, "message": x.message} | some x in e.deny],
		[{"effect": "approval_needed", "rule": x.rule, "message": x.message} | some x in e.approval_needed],
		[{"effect": "sanitize", "rule": x.rule, "message": x.message, "redact": x.redact} | some x in e.sanitize],
	]
}

shape(found) := {
	"outcome": hit.outcome,
	"reasons": [{"rule": f.rule, "message": f.message} | some f in hit.findings],
	"obligations": {
		"redact": [f.redact | some f in live; f.effect == "sanitize"],
		"restrict_regions": found.restrict,
		"passthrough": found.passthrough,
	},
	"would": would(found),
} if {
	live := found.live
	hit := strongest(live)
}

would(found) := null if found.held == []
else := {
	"outcome": hit.outcome,
	"reasons": [{"rule": f.rule, "message": f.message} | some f in hit.findings],
} if {
	all := array.concat(found.live, found.held)
	hit := strongest(all)
}

strongest(fs) := hit if {
	denies := [f | some f in fs; f.effect == "deny"]
	approvals := [f | some f in fs; f.effect == "approval_needed"]
	redactions := [f | some f in fs; f.effect == "sanitize"]
	hit := first(denies, approvals, redactions)
}

first(denies, approvals, redactions) := {"outcome": "deny", "findings": denies} if denies != []
else := {"outcome": "approval_needed", "findings": approvals} if approvals != []
else := {"outcome": "sanitize", "findings": redactions} if redactions != []
else := {"outcome": "allow", "findings": []}
