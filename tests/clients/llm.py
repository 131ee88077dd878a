"""The cases that every SDK of an LLM API goes through; a driver says how its SDK is called, and nothing else.

Base URL and API key are for the SDK to find, in its own variables. The drivers read, beside what report.py names:
  LLM_MODEL                 a model that policy allows
  LLM_DENIED_MODEL          a model that policy refuses
  VERTEX_TOKEN              what their SDKs of Vertex AI take for the access token of a Google account
"""

import faulthandler
from importlib.metadata import version

from report import case, failure, setting

TOOLS = {"get_weather": "the weather in a city", "delete_everything": "deletes a path", "transfer_money": "pays"}
SCHEMA = {"type": "object", "properties": {name: {"type": "string"} for name in ("city", "path", "to")}}


class Heard:
    """What a stream gave its caller, also where it ended with an error."""

    def __init__(self):
        self.events = []
        self.texts = []
        self.calls = []

    def text(self, text):
        if text:
            self.texts.append(text)

    def call(self, name, arguments):
        self.calls.append({"name": name, "arguments": arguments})


def cases(package, complete, stream):
    """`complete(model, prompt)` gives a text; `stream(model, prompt, heard)` fills what was heard."""
    # Who hangs says where, before the test loses its patience.
    faulthandler.dump_traceback_later(150, exit=True)
    case("client", version=version(package))
    model, denied = setting("LLM_MODEL"), setting("LLM_DENIED_MODEL")
    whole("allow", lambda: complete(model, "hello there"))
    whole("deny", lambda: complete(denied, "hello there"))
    whole("approval_needed", lambda: complete(model, "write to ann@corp.example"))
    for name, prompt in (
        ("stream", "hello there"),
        ("proposed_allowed", "how is the weather?"),
        ("proposed_denied", "delete everything"),
        ("proposed_approval_needed", "pay the bill"),
        ("proposed_token", "how is the weather at 198.51.100.7?"),
    ):
        streamed(name, lambda heard: stream(model, prompt, heard))


def whole(name, ask):
    try:
        case(name, text=ask())
    except Exception as error:
        case(name, **failure(error))


def streamed(name, ask):
    heard, failed = Heard(), {}
    try:
        ask(heard)
    except Exception as error:
        failed = failure(error)
    seen = [repr(event) for event in heard.events]
    case(name, texts=heard.texts, calls=heard.calls, seen=seen, **failed)
