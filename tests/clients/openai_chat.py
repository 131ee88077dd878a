"""The openai SDK, Chat Completions."""

import json

from llm import SCHEMA, TOOLS, cases
from openai_client import client


def complete(model, prompt):
    messages = [{"role": "user", "content": prompt}]
    return client.chat.completions.create(model=model, messages=messages).choices[0].message.content


def stream(model, prompt, heard):
    messages = [{"role": "user", "content": prompt}]
    with client.chat.completions.stream(model=model, messages=messages, tools=tools()) as events:
        for event in events:
            heard.events.append(event)
            if event.type == "content.delta":
                heard.text(event.delta)
        message = events.get_final_completion().choices[0].message
    for call in message.tool_calls or []:
        heard.call(call.function.name, json.loads(call.function.arguments))


def tools():
    return [
        {"type": "function", "function": {"name": name, "description": what, "parameters": SCHEMA}}
        for name, what in TOOLS.items()
    ]


cases("openai", complete, stream)
