// A server made with the MCP SDK for Node, over TLS, with the tools of mcp_server.py and its settings; it prints its port and serves
// until it is killed. Each session has a server of its own, as the SDK's examples have it.

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { report, setting } from "./report.mjs";

const called = [];

const tools = {
  search: { query: "string", run: ({ query }) => `found: ${query}` },
  index: { pages: "integer", run: indexed },
  publish: { readers: "integer", run: ({ readers }) => `published to ${readers}` },
  delete_page: { page: "string", run: ({ page }) => `deleted ${page}` },
  // What the server knows of its caller.
  seen: { run: (_, extra) => JSON.stringify({ called, key: extra.requestInfo.headers.authorization }) },
};

async function indexed({ pages }, extra) {
  const progressToken = extra._meta?.progressToken;
  for (let progress = 1; progress <= pages && progressToken !== undefined; progress += 1) {
    const params = { progressToken, progress, total: pages };
    await extra.sendNotification({ method: "notifications/progress", params });
  }
  return "indexed";
}

function described([name, { run, ...parameters }]) {
  const types = Object.entries(parameters).map(([parameter, type]) => [parameter, { type }]);
  const properties = Object.fromEntries(types);
  return { name, inputSchema: { type: "object", properties, required: Object.keys(properties) } };
}

async function session() {
  const server = new Server({ name: "docs", version: "1" }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: Object.entries(tools).map(described) }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const { name, arguments: given } = params;
    if (name !== "seen") called.push(name);
    return { content: [{ type: "text", text: await tools[name].run(given, extra) }] };
  });
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    enableJsonResponse: setting("MCP_ANSWERS") === "json",
    onsessioninitialized: (id) => sessions.set(id, transport),
    onsessionclosed: (id) => sessions.delete(id),
  });
  await server.connect(transport);
  return transport;
}

const sessions = new Map();
const keys = { cert: readFileSync(setting("CERTIFICATE")), key: readFileSync(setting("KEY")) };
const server = createServer(keys, async (request, response) => {
  const transport = sessions.get(request.headers["mcp-session-id"]) ?? (await session());
  await transport.handleRequest(request, response);
});
server.listen(0, "127.0.0.1", () => report("server", { port: server.address().port }));
