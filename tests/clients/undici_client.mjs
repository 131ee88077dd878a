// undici through the proxy that the environment names: one request allowed, one refused, and a form with a file.

import { EnvHttpProxyAgent, fetch, FormData } from "undici";
import { decision, failure, report, setting } from "./report.mjs";

const dispatcher = new EnvHttpProxyAgent();

for (const [name, url] of [["allow", setting("ALLOWED_URL")], ["deny", setting("DENIED_URL")]]) {
  try {
    const response = await fetch(url, { dispatcher, signal: AbortSignal.timeout(30_000) });
    const body = await response.text();
    report(name, { status: response.status, body, decision: decision(response.headers) });
  } catch (error) {
    report(name, failure(error));
  }
}

const body = new FormData();
body.append("to", "ann@corp.example");
body.append("file", new Blob(["to ann@corp.example\r\n"], { type: "text/plain" }), "note.txt");
const response = await fetch(setting("UPLOAD_URL"), { method: "POST", body, dispatcher });
report("upload", { status: response.status, decision: decision(response.headers) });

await dispatcher.close();
