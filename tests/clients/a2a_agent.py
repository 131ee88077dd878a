"""An agent made with a2a-sdk, in one version and one binding; it prints its port and serves until it is killed.

It reads from its input, in a line, the URL under which it is called, and from the environment:
  A2A_VERSION  1.0 or 0.3
  A2A_BINDING  JSONRPC or HTTP+JSON
"""

import asyncio
import logging
import socket
import sys

import uvicorn
from a2a.helpers import new_task_from_user_message, new_text_artifact_update_event
from a2a.server.agent_execution import AgentExecutor
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes, create_rest_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, AgentSkill
from report import case, setting
from starlette.applications import Starlette


class Agent(AgentExecutor):
    """Says hello in two pieces; asked to wait, it does until it is canceled."""

    async def execute(self, context, event_queue):
        task = context.current_task
        if task is None:
            task = new_task_from_user_message(context.message)
            await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, task.id, task.context_id)
        await updater.start_work()
        if "wait" in context.get_user_input():
            await asyncio.Event().wait()
        for number, text in enumerate(["hel", "lo"]):
            piece = new_text_artifact_update_event(
                task.id, task.context_id, "greeting", text, append=number > 0, artifact_id="greeting"
            )
            await event_queue.enqueue_event(piece)
        await updater.complete()

    async def cancel(self, context, event_queue):
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()


def routes(url):
    binding = setting("A2A_BINDING")
    interface = AgentInterface(url=url, protocol_binding=binding, protocol_version=setting("A2A_VERSION"))
    card = AgentCard(
        name="helper",
        description="says hello",
        version="1",
        supported_interfaces=[interface],
        capabilities=AgentCapabilities(streaming=True),
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        skills=[AgentSkill(id="greet", name="greet", description="says hello", tags=["greeting"])],
    )
    handler = DefaultRequestHandler(agent_executor=Agent(), task_store=InMemoryTaskStore(), agent_card=card)
    if binding == "JSONRPC":
        calls = create_jsonrpc_routes(handler, rpc_url="/", enable_v0_3_compat=True)
    else:
        calls = create_rest_routes(handler, enable_v0_3_compat=True)
    return [*create_agent_card_routes(card), *calls]


def main():
    # Its standard error is read by nobody.
    logging.disable(logging.CRITICAL)
    listener = socket.create_server(("127.0.0.1", 0))
    case("agent", port=listener.getsockname()[1])
    app = Starlette(routes=routes(sys.stdin.readline().strip()))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    asyncio.run(server.serve(sockets=[listener]))


main()
