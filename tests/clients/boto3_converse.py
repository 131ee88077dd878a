"""boto3, Bedrock's Converse and ConverseStream; the SDK puts no arguments together, its callers do."""

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
    answer = client.converse(modelId=model, messages=messages(prompt))
    return answer["output"]["message"]["content"][0]["text"]


def stream(model, prompt, heard):
    answer = client.converse_stream(modelId=model, messages=messages(prompt), toolConfig=tools())
    name, pieces = None, []
    for event in answer["stream"]:
        heard.events.append(event)
        if "contentBlockStart" in event:
            name, pieces = event["contentBlockStart"]["start"]["toolUse"]["name"], []
        elif "contentBlockDelta" in event:
            delta = event["contentBlockDelta"]["delta"]
            heard.text(delta.get("text"))
            pieces.append(delta.get("toolUse", {}).get("input", ""))
        elif "contentBlockStop" in event and name:
            heard.call(name, json.loads("".join(pieces)))
            name = None


def messages(prompt):
    return [{"role": "user", "content": [{"text": prompt}]}]


def tools():
    described = [
        {"toolSpec": {"name": name, "description": what, "inputSchema": {"json": SCHEMA}}}
        for name, what in TOOLS.items()
    ]
    return {"tools": described}


cases("boto3", complete, stream)
