# A module of one's own: rules that data alone cannot say. It reads the input and nothing else.
package aegis.ext

# Money that goes back is looked at by a human earlier than money that is charged.
approval_needed contains {
	"rule": "refunds.amount",
	"message": "a refund above 100 needs approval",
} if {
	refund
	amount > 100
}

# Without an amount the whole charge is refunded, however much it was.
approval_needed contains {
	"rule": "refunds.whole",
	"message": "a refund of a whole charge needs approval",
} if {
	refund
	not input.call.parameters.amount
}

# Something that is no number is not smaller than 100 either.
deny contains {
	"rule": "refunds.type",
	"message": "the amount of a refund is not a number",
} if {
	refund
	amount == "unreadable"
}

refund if {
	input.phase == "request"
	input.call.tool == "stripe-payments"
	input.call.action == "refund"
}

# Forms send numbers as texts.
amount := value if {
	value := input.call.parameters.amount
	is_number(value)
} else := to_number(value) if {
	value := input.call.parameters.amount
	is_string(value)
	regex.match(`^(0|[1-9][0-9]{0,11})(\.[0-9]{1,2})?$`, value)
} else := "unreadable" if {
	input.call.parameters.amount
}
