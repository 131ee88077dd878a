"""Asks real OPA what the shipped library decides. Usage: opa.py DIRECTORY

DIRECTORY holds library.rego, data.json and inputs.jsonl (one input a line);
answers.jsonl is written beside them, a line for each input.
"""

import json
import pathlib
import sys

from opa_bindings import OpaEngine


def main(directory: pathlib.Path) -> None:
    with OpaEngine() as engine:
        engine.add_policy("library.rego", (directory / "library.rego").read_text())
        engine.add_data(json.loads((directory / "data.json").read_text()))
        with (directory / "inputs.jsonl").open() as inputs, (directory / "answers.jsonl").open("w") as answers:
            for line in inputs:
                answer = engine.eval_document("aegis.decision", input=json.loads(line))
                answers.write(json.dumps(answer) + "\n")


main(pathlib.Path(sys.argv[1]))
