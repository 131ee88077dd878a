// The openai SDK for Node, Chat Completions.

import { cases, SCHEMA, TOOLS } from "./llm.mjs";
import { client } from "./openai_client.mjs";

const tools = Object.entries(TOOLS).map(([name, description]) => ({
  type: "function",
  function: { name, description, parameters: SCHEMA },
}));

async function complete(model, prompt) {
  const messages = [{ role: "user", content: prompt }];
  const answer = await client.chat.completions.create({ model, messages });
  return answer.choices[0].message.content;
}

async function stream(model, prompt, heard) {
  const messages = [{ role: "user", content: prompt }];
  const events = client.chat.completions.stream({ model, messages, tools });
  for await (const chunk of events) {
    heard.events.push(chunk);
    const text = chunk.choices[0]?.delta.content;
    if (text) heard.texts.push(text);
  }
  const { message } = (await events.finalChatCompletion()).choices[0];
  for (const call of message.tool_calls ?? []) {
    heard.calls.push({ name: call.function.name, arguments: JSON.parse(call.function.arguments) });
  }
}

await cases("openai", complete, stream);
