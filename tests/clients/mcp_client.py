"""The mcp SDK over streamable HTTP: initialize, list, calls that pass, and what it makes of refusals.

It reads:
  MCP_URL   the endpoint, such as https://mcp.demo.test:8443/mcp
  MCP_KEY   what it shows there
  MCP_MODE  auto (the newest revision, without a session) or legacy (with `initialize`)
"""

import asyncio
import importlib.metadata
import json

import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from report import case, failure, setting


async def called(client, tool, arguments, progress=None):
    result = await client.call_tool(tool, arguments, progress_callback=progress)
    return {"is_error": bool(result.is_error), "text": "".join(part.text for part in result.content)}


async def refused(name, client, tool, arguments):
    try:
        case(name, exception=None, **await called(client, tool, arguments))
    except MCPError as error:
        case(name, code=error.error.code, data=error.error.data, **failure(error))


async def cases(client):
    case("initialize", server=client.server_info.name, protocol=client.protocol_version)
    listed = await client.list_tools()
    case("list", tools=[tool.name for tool in listed.tools])
    case("allow", exception=None, **await called(client, "search", {"query": "rego"}))

    progress = []

    async def told(done, total, message):
        progress.append(int(done))

    case("stream", exception=None, **await called(client, "index", {"pages": 2}, told), progress=progress)
    await refused("deny", client, "delete_page", {"page": "home"})
    await refused("approval_needed", client, "publish", {"readers": 1000})
    case("seen", **json.loads((await called(client, "seen", {}))["text"]))


async def main():
    case("client", version=importlib.metadata.version("mcp"))
    headers = {"authorization": f"Bearer {setting('MCP_KEY')}"}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        transport = streamable_http_client(setting("MCP_URL"), http_client=http)
        async with Client(transport, mode=setting("MCP_MODE"), read_timeout_seconds=60) as client:
            await cases(client)


asyncio.run(main())
