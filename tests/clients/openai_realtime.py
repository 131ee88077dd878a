"""The openai SDK, Realtime: an allowed answer, an allowed call, a refused one, a refused event."""

from importlib.metadata import version

import openai
from report import case, setting

client = openai.OpenAI(base_url=setting("REALTIME_URL"), api_key="unused", max_retries=0, timeout=30)


def answer(connection, prompt):
    """What the SDK heard up to the end of an answer, or up to an error that ends nothing."""
    content = [{"type": "input_text", "text": prompt}]
    connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})
    connection.response.create()
    heard = {"events": [], "text": "", "calls": [], "errors": []}
    for event in connection:
        heard["events"].append(event.type)
        if event.type == "response.output_text.delta":
            heard["text"] += event.delta
        elif event.type == "response.function_call_arguments.done":
            heard["calls"].append({"name": event.name, "arguments": event.arguments})
        elif event.type == "error":
            heard["errors"].append({"code": event.error.code, "message": event.error.message})
        elif event.type == "response.done":
            return heard | {"status": event.response.status}


case("client", version=version("openai"))
with client.realtime.connect(model=setting("LLM_MODEL")) as connection:
    connection.session.update(session={"type": "realtime", "instructions": "be brief"})
    case("allow", **answer(connection, "hello there"))
    case("proposed_allowed", **answer(connection, "what is the weather"))
    case("proposed_denied", **answer(connection, "delete everything"))
    case("deny", **answer(connection, "my key is AKIAIOSFODNN7EXAMPLF"))
try:
    with client.realtime.connect(model=setting("LLM_DENIED_MODEL")):
        case("deny_handshake", exception=None)
except Exception as error:
    case("deny_handshake", exception=type(error).__name__, message=str(error))
