"""Validates documents against JSON Schemas with a validator that nobody here wrote.

Reads {"schemas": {NAME: SCHEMA}, "questions": [[NAME, DOCUMENT]]} and answers, for each question,
whether the document is valid.
"""

import json
import sys

from jsonschema import Draft202012Validator

asked = json.load(sys.stdin)
validators = {}
for name, schema in asked["schemas"].items():
    Draft202012Validator.check_schema(schema)
    validators[name] = Draft202012Validator(schema)
answers = [validators[name].is_valid(document) for name, document in asked["questions"]]
json.dump(answers, sys.stdout)
