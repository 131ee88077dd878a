// The openai SDK for Node, Responses.

import { cases, SCHEMA, TOOLS } from "./llm.mjs";
import { client } from "./openai_client.mjs";

const tools = Object.entries(TOOLS).map(([name, description]) => ({
  type: "function",
  name,
  description,
  parameters: SCHEMA,
  strict: false,
}));

async function complete(model, prompt) {
  return (await client.responses.create({ model, input: prompt })).output_text;
}

async function stream(model, prompt, heard) {
  const events = client.responses.stream({ model, input: prompt, tools });
  for await (const event of events) {
    heard.events.push(event);
    if (event.type === "response.output_text.delta") heard.texts.push(event.delta);
  }
  for (const item of (await events.finalResponse()).output) {
    if (item.type === "function_call") {
      heard.calls.push({ name: item.name, arguments: JSON.parse(item.arguments) });
    }
  }
}

await cases("openai", complete, stream);
