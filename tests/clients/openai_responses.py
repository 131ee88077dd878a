"""The openai SDK, Responses."""

import json

from llm import SCHEMA, TOOLS, cases
from openai_client import client


def complete(model, prompt):
    return client.responses.create(model=model, input=prompt).output_text


def stream(model, prompt, heard):
    with client.responses.stream(model=model, input=prompt, tools=tools()) as events:
        for event in events:
            heard.events.append(event)
            if event.type == "response.output_text.delta":
                heard.text(event.delta)
        output = events.get_final_response().output
    for item in output:
        if item.type == "function_call":
            heard.call(item.name, json.loads(item.arguments))


def tools():
    return [
        {"type": "function", "name": name, "description": what, "parameters": SCHEMA, "strict": False}
        for name, what in TOOLS.items()
    ]


cases("openai", complete, stream)
