"""The mcp SDK over streamable HTTP: initialize, list, calls that pass, and what it makes of refusals."""

import asyncio
import importlib.metadata
import json

from mcp_session import called, session, told
from report import case


async def cases(client):
    case("initialize", server=client.server_info.name, protocol=client.protocol_version)
    listed = await client.list_tools()
    case("list", tools=[tool.name for tool in listed.tools])
    case("allow", exception=None, **await called(client, "search", {"query": "rego"}))

    progress = []

    async def heard(done, total, message):
        progress.append(int(done))

    case("stream", exception=None, **await called(client, "index", {"pages": 2}, heard), progress=progress)
    await told("deny", client, "delete_page", {"page": "home"})
    await told("approval_needed", client, "publish", {"readers": 1000})
    case("seen", **json.loads((await called(client, "seen", {}))["text"]))


case("client", version=importlib.metadata.version("mcp"))
asyncio.run(session(cases))
