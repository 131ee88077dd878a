"""The anthropic SDK, Messages."""

import anthropic
from llm import SCHEMA, TOOLS, cases

client = anthropic.Anthropic(max_retries=0, timeout=30)


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
