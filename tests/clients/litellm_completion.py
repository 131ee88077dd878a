"""litellm, which speaks the language of the provider that the model's name begins with."""

import gc
import json
import os

# Where it would ask the internet for prices when it is loaded.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import google_metadata
import litellm
from llm import SCHEMA, TOOLS, cases
from report import setting

litellm.suppress_debug_info = True
OPTIONS = {"num_retries": 0, "timeout": 30}
if setting("LLM_MODEL").startswith("bedrock/"):
    # It knows by their names which models of Bedrock take tools.
    OPTIONS |= {"aws_region_name": "eu-central-1", "allowed_openai_params": ["tools"]}
if setting("LLM_MODEL").startswith("azure/"):
    OPTIONS |= {"api_version": "2025-04-01-preview"}
if setting("LLM_MODEL").startswith("vertex_ai/"):
    # It knows by their names which models of Vertex AI are Gemini's, and which take tools.
    OPTIONS |= {"base_model": "gemini", "allowed_openai_params": ["tools"]}
    OPTIONS |= {"vertex_project": "demo", "vertex_location": "europe-west4"}
    google_metadata.start()


def options(model):
    if not model.startswith("vertex_ai/"):
        return OPTIONS
    # Of a base URL with a path, it takes all up to the model's name as it is.
    name = model.removeprefix("vertex_ai/")
    path = f"/v1/projects/demo/locations/europe-west4/publishers/google/models/{name}"
    return OPTIONS | {"api_base": setting("VERTEXAI_API_BASE") + path}


def complete(model, prompt):
    messages = [{"role": "user", "content": prompt}]
    answer = litellm.completion(model=model, messages=messages, **options(model))
    return answer.choices[0].message.content


def stream(model, prompt, heard):
    # It leaves a stream that has failed open. Collected while httpcore holds the lock of its pool, that would wait for itself.
    gc.collect()
    messages = [{"role": "user", "content": prompt}]
    asked = {"model": model, "messages": messages, "tools": tools(), "stream": True}
    for chunk in litellm.completion(**asked, **options(model)):
        heard.events.append(chunk)
        heard.text(chunk.choices[0].delta.content)
    message = litellm.stream_chunk_builder(heard.events).choices[0].message
    for call in message.tool_calls or []:
        heard.call(call.function.name, json.loads(call.function.arguments))


def tools():
    return [
        {"type": "function", "function": {"name": name, "description": what, "parameters": SCHEMA}}
        for name, what in TOOLS.items()
    ]


cases("litellm", complete, stream)
