"""The mcp SDK with a user and a model at its side, whom its server asks while it answers a call."""

import asyncio

from mcp.types import CreateMessageResult, ElicitResult, TextContent
from mcp_session import session, told
from report import case

asked = []


async def user(context, params):
    asked.append("user")
    return ElicitResult(action="accept", content={"to": "ann@corp.example"})


async def model(context, params):
    asked.append("model")
    content = TextContent(type="text", text="I would rather not say.")
    return CreateMessageResult(role="assistant", model="demo-model", content=content)


async def cases(client):
    await told("plan", client, "plan", {})
    await told("ponder", client, "ponder", {})
    case("asked", who=asked)


asyncio.run(session(cases, elicitation_callback=user, sampling_callback=model))
