# For OPA alone: what the users' modules find, handed to the library as Aegis hands it over.
#
# Aegis runs those modules by themselves, on an evaluator in which an error is an error, and gives
# their findings as `input.ext`. Where OPA has only the call, ask for `data.aegis.opa.decision`.
package aegis.opa

decision := decided if decided := data.aegis.decision with input.ext as ext

ext := input.ext

ext := found if not input.ext

found := {set: of_set | some set in ["deny", "approval_needed", "sanitize", "allow"]; of_set := findings(set); of_set != []}

findings(set) := [shaped(set, finding) | some finding in data.aegis.ext[set]]

# The library knows what to redact as one object.
shaped("sanitize", finding) := {"rule": finding.rule, "message": finding.message, "redact": {part: finding[part]}} if {
	some part in ["parameter", "data"]
	finding[part]
}

shaped(set, finding) := finding if set != "sanitize"
