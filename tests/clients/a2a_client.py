"""The a2a-sdk through the proxy: card, send, stream, get and cancel; and what it makes of refusals.

It reads A2A_URL, where the agent is, A2A_KEY, what it shows there, and A2A_BINDING, in which of the bindings it is called.
"""

import asyncio
import importlib.metadata

import httpx
from a2a.client import ClientConfig, ClientFactory
from a2a.helpers import get_artifact_text, get_stream_response_text, new_text_message
from a2a.types import CancelTaskRequest, GetTaskRequest, Role, SendMessageRequest, TaskState
from a2a.utils.errors import A2AError
from report import case, failure, setting


def asked(text, skill="greet"):
    message = new_text_message(text, role=Role.ROLE_USER)
    message.metadata.update({"skill": skill})
    return SendMessageRequest(message=message)


async def client(streaming, polling=False):
    config = ClientConfig(
        streaming=streaming,
        polling=polling,
        supported_protocol_bindings=[setting("A2A_BINDING")],
        # Whoever shares a machine may be slow.
        httpx_client=httpx.AsyncClient(timeout=60, headers={"authorization": f"Bearer {setting('A2A_KEY')}"}),
    )
    return await ClientFactory(config).create_from_url(setting("A2A_URL"))


async def refused(name, to, request):
    try:
        answers = [answer async for answer in to.send_message(request)]
        case(name, exception=None, answers=len(answers))
    except A2AError as error:
        case(name, data=getattr(error, "data", None), **failure(error))


async def main():
    case("client", version=importlib.metadata.version("a2a-sdk"))
    whole, stream, impatient = await client(False), await client(True), await client(False, polling=True)
    case("card", agent=whole._card.name)

    [answer] = [answer async for answer in whole.send_message(asked("hello"))]
    texts = [get_artifact_text(artifact, "") for artifact in answer.task.artifacts]
    case("allow", text="".join(texts), exception=None)

    task = await whole.get_task(GetTaskRequest(id=answer.task.id))
    case("get", state=TaskState.Name(task.status.state))

    texts = [get_stream_response_text(event) async for event in stream.send_message(asked("hello"))]
    case("stream", texts=[text for text in texts if text], exception=None)

    [begun] = [answer async for answer in impatient.send_message(asked("wait"))]
    task = await whole.cancel_task(CancelTaskRequest(id=begun.task.id))
    case("cancel", state=TaskState.Name(task.status.state))

    for name, to in [("", whole), ("_stream", stream)]:
        await refused(f"deny{name}", to, asked("hello", skill="forbidden"))
        await refused(f"approval_needed{name}", to, asked("write to ann@corp.example"))


asyncio.run(main())
