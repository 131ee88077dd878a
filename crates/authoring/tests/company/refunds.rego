package aegis.ext

approval_needed contains {"rule": "refunds.abroad", "message": "a refund abroad needs approval"} if {
	input.phase == "request"
	input.call.action == "refund"
	not input.facts.internal
}
