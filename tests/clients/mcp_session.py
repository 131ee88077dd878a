"""How the drivers of the mcp SDK reach their server over streamable HTTP.

They read:
  MCP_URL   the endpoint, such as https://mcp.demo.test:8443/mcp
  MCP_KEY   what is shown there
  MCP_MODE  auto (the newest revision, without a session) or legacy (with `initialize`)
"""

import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from report import case, failure, setting


async def session(cases, **callbacks):
    """`cases(client)`, with a client that answers its server by these callbacks."""
    headers = {"authorization": f"Bearer {setting('MCP_KEY')}"}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        transport = streamable_http_client(setting("MCP_URL"), http_client=http)
        mode = setting("MCP_MODE")
        async with Client(transport, mode=mode, read_timeout_seconds=60, **callbacks) as client:
            await cases(client)


async def called(client, tool, arguments, progress=None):
    result = await client.call_tool(tool, arguments, progress_callback=progress)
    return {"is_error": bool(result.is_error), "text": "".join(part.text for part in result.content)}


async def told(name, client, tool, arguments):
    """A call that may be refused."""
    try:
        case(name, exception=None, **await called(client, tool, arguments))
    except MCPError as error:
        case(name, code=error.error.code, data=error.error.data, **failure(error))
