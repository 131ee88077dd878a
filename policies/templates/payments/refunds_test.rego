package aegis.ext_test

import data.aegis.ext

test_a_small_refund_needs_nobody if {
	count(ext.approval_needed) == 0 with input as refund({"amount": 100})
	count(ext.deny) == 0 with input as refund({"amount": 100})
}

test_a_large_refund_needs_approval if {
	rules(ext.approval_needed) == {"refunds.amount"} with input as refund({"amount": 100.01})
}

test_a_large_refund_of_a_form_needs_approval if {
	rules(ext.approval_needed) == {"refunds.amount"} with input as refund({"amount": "101"})
}

test_a_whole_refund_needs_approval if {
	rules(ext.approval_needed) == {"refunds.whole"} with input as refund({})
}

test_an_amount_that_is_no_number_is_denied if {
	rules(ext.deny) == {"refunds.type"} with input as refund({"amount": [1]})
}

test_other_actions_are_no_refunds if {
	count(ext.approval_needed) == 0 with input as object.union(refund({}), {"call": {"action": "read"}})
}

rules(findings) := {found.rule | some found in findings}

refund(parameters) := {
	"phase": "request",
	"call": {"tool": "payments", "action": "refund", "parameters": parameters},
}
