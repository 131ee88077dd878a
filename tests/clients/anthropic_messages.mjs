// The @anthropic-ai/sdk, Messages.

import Anthropic from "@anthropic-ai/sdk";
import { cases, OPTIONS, SCHEMA, TOOLS } from "./llm.mjs";

const client = new Anthropic(OPTIONS);
const tools = Object.entries(TOOLS).map(([name, description]) => ({ name, description, input_schema: SCHEMA }));

async function complete(model, prompt) {
  const messages = [{ role: "user", content: prompt }];
  return (await client.messages.create({ model, max_tokens: 64, messages })).content[0].text;
}

async function stream(model, prompt, heard) {
  const messages = [{ role: "user", content: prompt }];
  const events = client.messages.stream({ model, max_tokens: 64, messages, tools });
  for await (const event of events) {
    heard.events.push(event);
    if (event.type === "content_block_delta" && event.delta.type === "text_delta") {
      heard.texts.push(event.delta.text);
    }
  }
  for (const block of (await events.finalMessage()).content) {
    if (block.type === "tool_use") heard.calls.push({ name: block.name, arguments: block.input });
  }
}

await cases("@anthropic-ai/sdk", complete, stream);
