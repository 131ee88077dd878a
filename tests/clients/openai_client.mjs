// The openai SDK for Node through the proxy: a completion, a streamed one, and a refused model.

import OpenAI from "openai";
import { EnvHttpProxyAgent, fetch } from "undici";
import { decision, failure, report, setting } from "./report.mjs";

const dispatcher = new EnvHttpProxyAgent();
const client = new OpenAI({
  baseURL: setting("LLM_URL"),
  apiKey: "unused",
  maxRetries: 0,
  timeout: 30_000,
  fetch,
  fetchOptions: { dispatcher },
});
const messages = [{ role: "user", content: "hello there" }];

const whole = client.chat.completions.create({ model: "demo-model", messages });
const { data, response } = await whole.withResponse();
report("allow", {
  status: response.status,
  content: data.choices[0].message.content,
  decision: decision(response.headers),
});

const stream = await client.chat.completions.create({ model: "demo-model", messages, stream: true });
const deltas = [];
for await (const chunk of stream) {
  deltas.push(chunk.choices[0]?.delta.content ?? "");
}
report("stream", { content: deltas.join(""), chunks: deltas.length });

try {
  await client.chat.completions.create({ model: setting("LLM_DENIED_MODEL"), messages });
  report("deny", { exception: null });
} catch (error) {
  const headers = error.headers ? decision(error.headers) : {};
  report("deny", { status: error.status, body: error.error, decision: headers, ...failure(error) });
}

await dispatcher.close();
