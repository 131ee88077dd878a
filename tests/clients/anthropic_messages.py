"""The anthropic SDK, Messages: of Anthropic, or on Bedrock or Vertex AI where its variables name a base URL there."""

import os

import anthropic
from llm import SCHEMA, TOOLS, cases
from report import setting

OPTIONS = {"max_retries": 0, "timeout": 30}

if "ANTHROPIC_BEDROCK_BASE_URL" in os.environ:
    client = anthropic.AnthropicBedrock(aws_region="eu-central-1", **OPTIONS)
elif "ANTHROPIC_VERTEX_BASE_URL" in os.environ:
    place = {"project_id": "demo", "region": "europe-west4"}
    client = anthropic.AnthropicVertex(access_token=setting("VERTEX_TOKEN"), **place, **OPTIONS)
else:
    client = anthropic.Anthropic(**OPTIONS)


def complete(model, prompt):
    messages = [{"role": "user", "content": prompt}]
    return client.messages.create(model=model, max_tokens=64, messages=messages).content[0].text


def stream(model, prompt, heard):
    messages = [{"role": "user", "content": prompt}]
    asked = {"model": model, "max_tokens": 64, "messages": messages, "tools": tools()}
    with client.messages.stream(**asked) as events:
        for event in events:
            heard.events.append(event)
            if event.type == "text":
                heard.text(event.text)
        content = events.get_final_message().content
    for block in content:
        if block.type == "tool_use":
            heard.call(block.name, block.input)


def tools():
    return [{"name": name, "description": what, "input_schema": SCHEMA} for name, what in TOOLS.items()]


cases("anthropic", complete, stream)
