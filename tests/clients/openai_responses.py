"""The openai SDK, Responses."""

import json

from llm import SCHEMA, TOOLS, cases, streamed
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
    propose(output, heard)


def retrieve(id, heard):
    response = client.responses.retrieve(id)
    heard.text(response.output_text)
    propose(response.output, heard)


def retrieve_stream(id, heard):
    for event in client.responses.retrieve(id, stream=True):
        heard.events.append(event)
        if event.type == "response.output_text.delta":
            heard.text(event.delta)
        if event.type == "response.completed":
            propose(event.response.output, heard)


def propose(output, heard):
    for item in output:
        if item.type == "function_call":
            heard.call(item.name, json.loads(item.arguments))


def tools():
    return [
        {"type": "function", "name": name, "description": what, "parameters": SCHEMA, "strict": False}
        for name, what in TOOLS.items()
    ]


cases("openai", complete, stream)
for name, id in (("stored_allowed", "resp_weather"), ("stored_denied", "resp_delete")):
    streamed(name, lambda heard, id=id: retrieve(id, heard))
    streamed(f"{name}_stream", lambda heard, id=id: retrieve_stream(id, heard))
