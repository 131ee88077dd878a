// The MCP SDK for Node over streamable HTTP, in the cases of mcp_client.py. It reads MCP_URL and MCP_KEY.

import { readFileSync } from "node:fs";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { EnvHttpProxyAgent, fetch } from "undici";
import { failure, report, setting } from "./report.mjs";

const manifest = new URL("node_modules/@modelcontextprotocol/sdk/package.json", import.meta.url);
report("client", { version: JSON.parse(readFileSync(manifest, "utf8")).version });

// Node's own fetch takes no proxy from the environment; this is the way that the SDK documents.
const dispatcher = new EnvHttpProxyAgent();
const transport = new StreamableHTTPClientTransport(new URL(setting("MCP_URL")), {
  fetch: (url, init) => fetch(url, { ...init, dispatcher }),
  requestInit: { headers: { authorization: `Bearer ${setting("MCP_KEY")}` } },
});
const client = new Client({ name: "agent", version: "1" });

async function called(name, args, onprogress) {
  const result = await client.callTool({ name, arguments: args }, undefined, { onprogress });
  return { is_error: result.isError ?? false, text: result.content.map((part) => part.text).join("") };
}

async function refused(name, tool, args) {
  try {
    report(name, await called(tool, args));
  } catch (error) {
    report(name, { code: error.code, data: error.data, ...failure(error) });
  }
}

await client.connect(transport);
report("initialize", { server: client.getServerVersion().name, protocol: transport.protocolVersion });
report("list", { tools: (await client.listTools()).tools.map((tool) => tool.name) });
report("allow", await called("search", { query: "rego" }));
const progress = [];
report("stream", { ...(await called("index", { pages: 2 }, (told) => progress.push(told.progress))), progress });
await refused("deny", "delete_page", { page: "home" });
await refused("approval_needed", "publish", { readers: 1000 });
report("seen", JSON.parse((await called("seen", {})).text));
await transport.terminateSession();
await client.close();
await dispatcher.close();
