// ws through the proxy, with its own compression: what passes, what is redacted, what is refused.

import { HttpsProxyAgent } from "https-proxy-agent";
import { once } from "node:events";
import WebSocket from "ws";
import { report, setting } from "./report.mjs";

const agent = new HttpsProxyAgent(setting("HTTPS_PROXY"));
const socket = new WebSocket(setting("WEBSOCKET_URL"), { agent, perMessageDeflate: { threshold: 0 } });

async function answer() {
  const [data] = await once(socket, "message");
  return data.toString();
}

await once(socket, "open");
socket.send("the same words, the same words");
report("allow", { text: await answer(), extensions: Object.keys({ [socket.extensions.split(";")[0]]: 1 }) });
socket.send("to ann@exam", { fin: false });
socket.send("ple.org, the same words");
report("sanitize", { text: await answer() });
socket.ping("?");
await once(socket, "pong");
report("ping", { answered: true });
socket.send("the same words again");
report("again", { text: await answer() });
socket.send(Buffer.from([0, 1, 2]));
const [code, reason] = await once(socket, "close");
report("deny", { code, reason: reason.toString() });
