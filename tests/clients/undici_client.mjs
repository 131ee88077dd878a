// undici through the proxy that the environment names: one request allowed, one refused.

import { EnvHttpProxyAgent, fetch } from "undici";
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

await dispatcher.close();
