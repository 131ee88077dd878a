"""A server made with the mcp SDK, over TLS; it prints its port and serves until it is killed.

It reads:
  MCP_ANSWERS       json or events
  CERTIFICATE, KEY  files, for the name under which it is called
"""

import asyncio
import json
import logging
import socket
from typing import Annotated

import uvicorn
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Elicit, Resolve, Sample
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import CreateMessageResult, SamplingMessage, TextContent
from pydantic import BaseModel
from report import case, setting

server = MCPServer("docs", version="1")
called = []


@server.tool()
def search(query: str) -> str:
    called.append("search")
    return f"found: {query}"


@server.tool()
async def index(pages: int, context: Context) -> str:
    called.append("index")
    for number in range(pages):
        await context.report_progress(number + 1, pages)
    return "indexed"


@server.tool()
def publish(readers: int) -> str:
    called.append("publish")
    return f"published to {readers}"


@server.tool()
def delete_page(page: str) -> str:
    called.append("delete_page")
    return f"deleted {page}"


class Trip(BaseModel):
    to: str


def ask_user():
    return Elicit("Where to?", Trip)


def ask_model():
    question = SamplingMessage(role="user", content=TextContent(type="text", text="What do you know?"))
    return Sample([question], max_tokens=9)


@server.tool()
def plan(trip: Annotated[Trip, Resolve(ask_user)]) -> str:
    return f"to {trip.to}"


@server.tool()
def ponder(thought: Annotated[CreateMessageResult, Resolve(ask_model)]) -> str:
    return f"it says {thought.content}"


@server.tool()
def seen(context: Context) -> str:
    """What the server knows of its caller."""
    key = context.request_context.request.headers.get("authorization")
    return json.dumps({"called": called, "key": key})


def main():
    # Its standard error is read by nobody.
    logging.disable(logging.CRITICAL)
    listener = socket.create_server(("127.0.0.1", 0))
    # It is called by a name of the tests, which no rebinding can lead to.
    anywhere = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    app = server.streamable_http_app(json_response=setting("MCP_ANSWERS") == "json", transport_security=anywhere)
    config = uvicorn.Config(
        app, log_level="critical", ssl_certfile=setting("CERTIFICATE"), ssl_keyfile=setting("KEY")
    )
    config.load()
    case("server", port=listener.getsockname()[1])
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


main()
