// The cases that every SDK of an LLM API goes through, as llm.py has them; a driver says how its SDK is called.
// Base URL and API key are for the SDK to find, in its own variables.

import { readFileSync } from "node:fs";
import { EnvHttpProxyAgent, fetch } from "undici";
import { failure, report, setting } from "./report.mjs";

export const TOOLS = {
  get_weather: "the weather in a city",
  delete_everything: "deletes a path",
  transfer_money: "pays",
};
const text = { type: "string" };
export const SCHEMA = { type: "object", properties: { city: text, path: text, to: text } };

// Node's own fetch takes no proxy from the environment; this is the way that the SDKs document.
const dispatcher = new EnvHttpProxyAgent();
export const OPTIONS = {
  maxRetries: 0,
  timeout: 30_000,
  fetch,
  fetchOptions: { dispatcher },
};

// `complete(model, prompt)` gives a text; `stream(model, prompt, heard)` fills what was heard.
export async function cases(packageName, complete, stream) {
  const manifest = new URL(`node_modules/${packageName}/package.json`, import.meta.url);
  report("client", { version: JSON.parse(readFileSync(manifest, "utf8")).version });
  const [model, denied] = [setting("LLM_MODEL"), setting("LLM_DENIED_MODEL")];
  await whole("allow", () => complete(model, "hello there"));
  await whole("deny", () => complete(denied, "hello there"));
  await whole("approval_needed", () => complete(model, "write to ann@corp.example"));
  await streamed("stream", (heard) => stream(model, "hello there", heard));
  await streamed("proposed_allowed", (heard) => stream(model, "how is the weather?", heard));
  await streamed("proposed_denied", (heard) => stream(model, "delete everything", heard));
  await streamed("proposed_approval_needed", (heard) => stream(model, "pay the bill", heard));
  const place = "how is the weather at 198.51.100.7?";
  await streamed("proposed_token", (heard) => stream(model, place, heard));
  await dispatcher.close();
}

async function whole(name, ask) {
  try {
    report(name, { text: await ask() });
  } catch (error) {
    report(name, failure(error));
  }
}

async function streamed(name, ask) {
  const heard = { events: [], texts: [], calls: [] };
  let failed = {};
  try {
    await ask(heard);
  } catch (error) {
    failed = failure(error);
  }
  const seen = heard.events.map((event) => JSON.stringify(event));
  report(name, { texts: heard.texts, calls: heard.calls, seen, ...failed });
}
