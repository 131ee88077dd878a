"""Asks real OPA about bundles that were built here. Usage: opa.py DIRECTORY

DIRECTORY holds cases.json: a list of {"archive", "key", "algorithm", "path", "inputs"}.
For each, answers.json gets {"verified", "claims", "hashes", "canonical", "decisions"}.

The library has no bundle loader to call. What a loader does is done here, with a tar reader that
is not ours, and by OPA wherever OPA has a say: it verifies the token, hashes the files, writes the
canonical JSON, compiles the modules and decides.
"""

import json
import pathlib
import sys
import tarfile

from opa_bindings import OpaEngine

STRUCTURED = ("data.json", ".manifest")

QUERIES = """package probe

token := io.jwt.decode_verify(input.token, {"cert": input.key, "alg": input.algorithm})

hashes[name] := crypto.sha256(text) if some name, text in input.files

canonical[name] := json.marshal(json.unmarshal(input.files[name])) if some name in input.structured
"""


def answer(directory: pathlib.Path, case: dict) -> dict:
    with tarfile.open(directory / case["archive"], "r:gz") as archive:
        files = {member.name: archive.extractfile(member).read().decode() for member in archive}
    token = json.loads(files.pop(".signatures.json"))["signatures"][0]
    with OpaEngine() as probe:
        probe.add_policy("probe.rego", QUERIES)
        asked = {"token": token, "files": files, "structured": STRUCTURED}
        said = probe.eval_document("probe", input=asked | {name: case[name] for name in ("key", "algorithm")})
    verified, _, claims = said["token"]
    with OpaEngine() as engine:
        for name, text in files.items():
            if name.endswith(".rego"):
                engine.add_policy(name, text)
        engine.add_data(json.loads(files["data.json"]))
        decisions = [engine.eval_document(case["path"], input=value) for value in case["inputs"]]
    return {
        "verified": verified,
        "claims": claims,
        "hashes": said["hashes"],
        "canonical": said["canonical"],
        "decisions": decisions,
    }


def main(directory: pathlib.Path) -> None:
    cases = json.loads((directory / "cases.json").read_text())
    answers = [answer(directory, case) for case in cases]
    (directory / "answers.json").write_text(json.dumps(answers))


main(pathlib.Path(sys.argv[1]))
