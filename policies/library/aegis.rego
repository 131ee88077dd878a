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
connect := t.roles[profile].allowed.connect[how] if {
	input.ext == {}
	input.phase == "connect"
	t := data.compiled.tenants[input.tenant.id]
	profile := t.agents[input.agent.id]
	hosts := data.compiled.profiles[profile].hosts
	how := min([h | some c in input.destination.candidates; h := hosts[c]; h])
	true in [t.open, (input.destination.regions in t.usual)]
}

# A described request, or a call that a model proposes. `fast` is what the compiler of the data made of the operation's constraints:
# for each kind the parameters to look at, and what the check must come to. What refuses most calls stands first.
request := t.roles[profile].allowed[phase].seen if {
	input.ext == {}
	t := data.compiled.tenants[input.tenant.id]
	profile := t.agents[input.agent.id]
	p := data.compiled.profiles[profile]
	types := input.dlp.types
	[y | some y in types; object.get(p.data, y, object.get(p.data, data.compiled.classes[y], {})).effect == "allow"] == types
	call := input.call
	phase := input.phase
	granted := p.calls[phase]
	actions := object.get(granted.tools, call.tool, granted.unnamed)
	o := object.get(actions, call.action, actions["*"])
	o.granted
	call.unread in o.unread
	call.opaque == false
	call.changed in p.changed
	input.chain.depth <= p.depth
	input.chain.loop in p.loops
	hosts := p.hosts
	[c | some c in input.destination.candidates; hosts[c]] != []
	true in [t.open, (input.destination.regions in t.usual)]
	call.misspelled == []
	fast := o.fast
	ps := call.parameters
	[1 | some n, c in fast.bounds; x := object.get(ps, n, c.absent); x >= c.low; x <= c.high] == fast.bounded
	[1 | some n, c in fast.enum; object.get(ps, n, c.absent) in c.values] == fast.chosen
	object.remove(fast.unwanted, ps) == fast.unwanted
	input.patterns == fast.patterns
}

# Everything else: what is wrong, and what follows from it.
judgement := answer(found.terms, found.all, null) if {
	found := findings
	found.enforced == true
}
else := answer(found.terms, live, would(found.all, live)) if {
	found := findings
	found.enforced == false
	live := enforced(found)
	is_array(live.deny)
}

# What is wrong, by its effect: of policy, of residency, of users' modules, and all together. That the caller is not known,
# or not who it says, is nobody's to suspend.
findings := {
	"enforced": role.enforced,
	"role": role,
	"policy": policy,
	"abroad": abroad,
	"own": own,
	"all": {
		"deny": array.concat(policy.deny, array.concat(abroad, own.deny)),
		"approval_needed": array.concat(policy.approval_needed, own.approval_needed),
		"sanitize": array.concat(policy.sanitize, own.sanitize),
	},
	"terms": terms,
} if {
	t := data.compiled.tenants[input.tenant.id]
	profile := t.agents[input.agent.id]
	role := t.roles[profile]
	p := data.compiled.profiles[profile]
	is_boolean(role.enforced)
	hosts := p.hosts
	is_object(hosts)
	known := [hosts[c] | some c in input.destination.candidates; hosts[c]]
	how := min(array.concat(["seen"], [h | input.phase == "connect"; some h in known]))
	terms := role.allowed[input.phase][how].obligations
	is_object(terms)
	policy := described(p, [p.findings.host | known == []])
	is_array(policy.deny)
	abroad := foreign(t, input.destination.regions)
	is_array(abroad)
	own := users
	is_array(own.deny)
} else := refused("tenant.unknown", "the caller's tenant is not known to the policy") if {
	id := object.get(input.tenant, "id", "")
	object.get(data.compiled.tenants, id, null) == null
} else := refused("agent.unknown", "the calling agent is not known to the policy") if {
	id := object.get(input.agent, "id", "")
	object.get(data.compiled.owners, id, null) == null
} else := refused("agent.tenant", "the calling agent belongs to another tenant") if {
	owner := object.get(data.compiled.owners, object.get(input.agent, "id", ""), null)
	owner != object.get(input.tenant, "id", "")
}

refused(rule, message) := {
	"enforced": true,
	"all": {"deny": [{"rule": rule, "message": message}], "approval_needed": [], "sanitize": []},
	"terms": {"redact": [], "restrict_regions": null, "passthrough": false, "refuse_as": "error", "numbers": "deny", "answers": null, "restore": false},
}

# What is left where shadow suspends findings of policy, of residency or of users' modules.
enforced(found) := {
	"deny": array.concat(
		[f | policy == true; some f in found.policy.deny],
		array.concat([f | residency == true; some f in found.abroad], [f | own == true; some f in found.own.deny]),
	),
	"approval_needed": array.concat(
		[f | policy == true; some f in found.policy.approval_needed],
		[f | own == true; some f in found.own.approval_needed],
	),
	"sanitize": array.concat(
		[f | policy == true; some f in found.policy.sanitize],
		[f | own == true; some f in found.own.sanitize],
	),
} if {
	policy := found.role.policy
	is_boolean(policy)
	residency := found.role.residency
	is_boolean(residency)
	own := found.role.modules
	is_boolean(own)
}

# Does the call leave the regions of its tenant?
foreign(t, regions) := [] if true in [t.open, (regions in t.usual)]
else := array.concat([t.findings.region | lawful != regions], [t.findings.unknown | regions == t.unknown]) if {
	is_array(regions)
	lawful := [r | some r in regions; object.get(t.lawful, r, t.open)]
}

# May this agent do this at all, with these parameters and this data, and was enough seen to say so?
described(p, host) := {
	"deny": array.concat(host, array.concat(grant, array.concat(parameter.deny, sensitive.deny))),
	"approval_needed": array.concat(parameter.approval_needed, sensitive.approval_needed),
	"sanitize": array.concat(parameter.sanitize, sensitive.sanitize),
} if {
	granted := p.calls[input.phase]
	lead := p.lead
	is_string(lead)
	call := input.call
	actions := object.get(granted.tools, call.tool, granted.unnamed)
	o := object.get(actions, call.action, actions["*"])
	grant := ungranted(p, lead, o)
	is_array(grant)
	parameter := constraints(lead, o)
	is_array(parameter.deny)
	sensitive := classified(p)
	is_array(sensitive.deny)
} else := {"deny": host, "approval_needed": [], "sanitize": []} if input.phase == "connect"

# Is the operation granted, and is nothing unusual about the call?
ungranted(p, lead, o) := [] if {
	call := input.call
	o.granted
	call.unread in o.unread
	call.opaque == false
	call.changed in p.changed
	input.chain.depth <= p.depth
	input.chain.loop in p.loops
} else := array.concat(
	[p.findings.tool[input.phase] | o.granted == false; allowed == []],
	array.concat(
		[{"rule": "truncated", "message": concat("", [lead, o.truncated])} | not unread in o.unread],
		array.concat(
			[p.findings.opaque | opaque == true; upgrades == []],
			array.concat(
				[p.findings.changed | not changed in p.changed],
				array.concat([p.findings.depth | depth > most], [p.findings.loop | not looped in p.loops]),
			),
		),
	),
) if {
	is_boolean(o.granted)
	call := input.call
	unread := call.unread
	is_string(unread)
	opaque := call.opaque
	is_boolean(opaque)
	changed := call.changed
	is_boolean(changed)
	allowed := object.get(input.ext, "allow", [])
	is_array(allowed)
	depth := input.chain.depth
	is_number(depth)
	most := p.depth
	is_number(most)
	looped := input.chain.loop
	is_boolean(looped)
	upgrades := [c | opaque == true; some c in input.destination.candidates; p.upgrades[c]]
}

# What is done about a type of data: what its own rule says, else that of its class.
classified(p) := {"deny": [], "approval_needed": [], "sanitize": []} if input.dlp.types == []
else := {
	"deny": [f.reason | some f in found; f.effect == "deny"],
	"approval_needed": [f.reason | some f in found; f.effect == "approval_needed"],
	"sanitize": [f | some f in found; f.effect == "sanitize"],
} if {
	types := input.dlp.types
	is_array(types)
	rules := p.data
	is_object(rules)
	classes := data.compiled.classes
	is_object(classes)
	unclassified := p.findings.unclassified
	is_object(unclassified)
	found := [{"effect": c.effect, "reason": {"rule": concat(y, c.rule), "message": concat(y, c.message)}, "redact": {"data": y, "action": c.action}} |
		some y in types
		c := object.get(rules, y, object.get(rules, object.get(classes, y, ""), unclassified))
		c.effect != "allow"
	]
}

# Every kind of constraint has its own map, so that one that nobody uses costs next to nothing. What `fast` can tell at once
# to be in order is not gone through.
constraints(lead, o) := {
	"deny": array.concat(
		[{"rule": "parameter.name", "message": concat("", [lead, c.message])} | some n in misspelled; c := o.name[n]],
		array.concat(
			number.deny,
			array.concat(
				[{"rule": "parameter.enum", "message": concat("", [lead, c.message])} | other; some n, c in o.enum; x := object.get(ps, n, c.absent); not x in c.values],
				array.concat(
					[{"rule": "parameter.required", "message": concat("", [lead, c.message])} | true in [outside, other]; some n, c in o.required; object.get(ps, n, null) == null],
					array.concat(
						[{"rule": "parameter.forbidden", "message": concat("", [lead, c.message])} | unwanted; some n, c in o.forbidden; object.get(ps, n, 1) == object.get(ps, n, 2)],
						[{"rule": "parameter.pattern", "message": concat("", [lead, c.message])} | unmatched; some n, c in o.pattern; object.get(patterns, n, false) != true],
					),
				),
			),
		),
	),
	"approval_needed": number.approval_needed,
	"sanitize": [{"reason": {"rule": "parameter.redact", "message": concat("", [lead, c.message])}, "redact": {"parameter": n, "action": c.action}} | unwanted; some n, c in o.redact; object.get(ps, n, null) != null],
} if {
	misspelled := input.call.misspelled
	is_array(misspelled)
	[n | some n in misspelled; o.name[n]] == misspelled
	ps := input.call.parameters
	is_object(ps)
	patterns := input.patterns
	is_object(patterns)
	fast := o.fast
	outside := [1 | some n, c in fast.bounds; x := object.get(ps, n, c.absent); x >= c.low; x <= c.high] != fast.bounded
	number := numbers(lead, o, ps, outside)
	is_array(number.deny)
	other := [1 | some n, c in fast.enum; object.get(ps, n, c.absent) in c.values] != fast.chosen
	is_boolean(other)
	unwanted := object.remove(fast.unwanted, ps) != fast.unwanted
	is_boolean(unwanted)
	unmatched := patterns != fast.patterns
	is_boolean(unmatched)
}

# What is wrong with numbers, where some are outside their bounds.
numbers(lead, o, ps, outside) := {"deny": [], "approval_needed": []} if outside == false
else := {
	"deny": array.concat(
		[{"rule": "parameter.type", "message": concat("", [lead, c.message])} | some n, c in o.type; x := object.get(ps, n, 0); not is_number(x)],
		array.concat(
			[{"rule": "parameter.min", "message": concat("", [lead, c.message])} | some n, c in o.min; x := object.get(ps, n, c.value); x < c.value; is_number(x)],
			[{"rule": "parameter.max", "message": concat("", [lead, c.message])} | some n, c in o.max; x := object.get(ps, n, c.value); x > c.value; is_number(x)],
		),
	),
	"approval_needed": [{"rule": "parameter.approve_above", "message": concat("", [lead, c.message])} | some n, c in o.above; x := object.get(ps, n, c.value); x > c.value; is_number(x)],
} if outside == true

# The users' own modules run as a program of their own; the host hands in what they found, if anything.
users := {"deny": [], "approval_needed": [], "sanitize": []} if input.ext == {}
else := {
	"deny": [{"rule": x.rule, "message": x.message} | some x in deny],
	"approval_needed": [{"rule": x.rule, "message": x.message} | some x in approval_needed],
	"sanitize": [{"reason": {"rule": x.rule, "message": x.message}, "redact": x.redact} | some x in sanitize],
} if {
	deny := object.get(input.ext, "deny", [])
	is_array(deny)
	approval_needed := object.get(input.ext, "approval_needed", [])
	is_array(approval_needed)
	sanitize := object.get(input.ext, "sanitize", [])
	is_array(sanitize)
}

# The strongest effect decides; what is to be redacted holds in any case.
answer(terms, found, would) := {
	"outcome": hit.outcome,
	"reasons": hit.reasons,
	"obligations": object.union(terms, {"redact": [f.redact | some f in found.sanitize]}),
	"would": would,
} if hit := strongest(found)

would(all, live) := null if all == live
else := strongest(all)

strongest(found) := {"outcome": "deny", "reasons": found.deny} if found.deny != []
else := {"outcome": "approval_needed", "reasons": found.approval_needed} if found.approval_needed != []
else := {"outcome": "sanitize", "reasons": [f.reason | some f in found.sanitize]} if found.sanitize != []
else := {"outcome": "allow", "reasons": []}
