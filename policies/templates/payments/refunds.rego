# Refunds above 100, and refunds of a whole charge, need a human.
package aegis.ext

approval_needed contains {
	"rule": "refunds.amount",
	"message": "a refund above 100 needs approval",
} if {
	refund
	amount > 100
}

# Without an amount the whole charge goes back, however much it was.
approval_needed contains {
	"rule": "refunds.whole",
	"message": "a refund of a whole charge needs approval",
} if {
	refund
	not input.call.parameters.amount
}

# What is no number here the server may still read as one.
deny contains {
	"rule": "refunds.type",
	"message": "the amount of a refund is not a number",
} if {
	refund
	amount == "unreadable"
}

refund if {
	input.phase == "request"
	input.call.tool == "payments"
	input.call.action == "refund"
}

# Forms have texts only.
amount := value if {
	value := input.call.parameters.amount
	is_number(value)
} else := to_number(value) if {
	value := input.call.parameters.amount
	is_string(value)
	regex.match(`^(0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?$`, value)
} else := "unreadable" if {
	input.call.parameters.amount
}
