"""The mcp SDK over streamable HTTP through the proxy: initialize, list, an allowed call, a refused one."""

import asyncio
import os

from mcp import Client, MCPError
from report import case, failure, setting


async def main():
    # By default the SDK first asks for the newest protocol, and falls back to `initialize`.
    mode = os.environ.get("MCP_MODE", "auto")
    async with Client(setting("MCP_URL"), mode=mode, read_timeout_seconds=30) as client:
        case("initialize", server=client.server_info.name, protocol=client.protocol_version)

        listed = await client.list_tools()
        case("list", tools=[tool.name for tool in listed.tools])

        called = await client.call_tool("search", {"query": "rego"})
        texts = [part.text for part in called.content]
        case("allow", is_error=bool(called.is_error), content=texts)

        try:
            called = await client.call_tool("delete_page", {"page": "home"})
            case("deny", exception=None, is_error=bool(called.is_error))
        except MCPError as error:
            case("deny", code=error.error.code, data=error.error.data, **failure(error))


asyncio.run(main())
