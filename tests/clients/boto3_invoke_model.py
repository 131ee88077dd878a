"""boto3, Bedrock's InvokeModel and its stream, with the messages of Anthropic's models; callers put everything together."""

import json

import boto3
from botocore.config import Config
from llm import SCHEMA, TOOLS, cases

client = boto3.client(
    "bedrock-runtime",
    region_name="eu-central-1",
    config=Config(retries={"total_max_attempts": 1}, read_timeout=30),
)


def complete(model, prompt):
    answer = client.invoke_model(modelId=model, body=json.dumps(asked(prompt)))
    return json.load(answer["body"])["content"][0]["text"]


def stream(model, prompt, heard):
    body = json.dumps({**asked(prompt), "tools": tools()})
    answer = client.invoke_model_with_response_stream(modelId=model, body=body)
    name, pieces = None, []
    for event in answer["body"]:
        event = json.loads(event["chunk"]["bytes"])
        heard.events.append(event)
        if event["type"] == "content_block_start":
            name, pieces = event["content_block"].get("name"), []
        elif event["type"] == "content_block_delta":
            heard.text(event["delta"].get("text"))
            pieces.append(event["delta"].get("partial_json", ""))
        elif event["type"] == "content_block_stop" and name:
            heard.call(name, json.loads("".join(pieces)))
            name = None


def asked(prompt):
    messages = [{"role": "user", "content": prompt}]
    return {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 64, "messages": messages}


def tools():
    return [{"name": name, "description": what, "input_schema": SCHEMA} for name, what in TOOLS.items()]


cases("boto3", complete, stream)
