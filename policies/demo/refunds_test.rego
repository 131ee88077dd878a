package aegis.ext_test

import data.aegis.ext

test_a_small_refund_is_not_looked_at if {
	count(ext.approval_needed) == 0 with input as refund({"amount": 100})
	count(ext.deny) == 0 with input as refund({"amount": 100})
}

test_a_refund_above_100_needs_approval if {
	rules(ext.approval_needed) == {"refunds.amount"} with input as refund({"amount": 101})
}

test_an_amount_from_a_form_counts_as_well if {
	rules(ext.approval_needed) == {"refunds.amount"} with input as refund({"amount": "100.01"})
}

test_a_whole_refund_needs_approval if {
	rules(ext.approval_needed) == {"refunds.whole"} with input as refund({})
}

test_an_amount_that_is_no_number_is_denied if {
	rules(ext.deny) == {"refunds.type"} with input as refund({"amount": "1e9"})
}

test_a_charge_is_none_of_its_business if {
	count(ext.approval_needed) == 0 with input as {
		"phase": "request",
		"call": {"tool": "stripe-payments", "action": "charge", "parameters": {"amount": 900}},
	}
}

refund(parameters) := {
	"phase": "request",
	"call": {"tool": "stripe-payments", "action": "refund", "parameters": parameters},
}

rules(findings) := {finding.rule | some finding in findings}
