"""The google-genai SDK, generateContent of the Gemini API, or of Vertex AI where its variables name a base URL there."""

import os

from google import genai
from google.genai import types
from google.oauth2.credentials import Credentials
from llm import SCHEMA, TOOLS, cases
from report import setting

OPTIONS = {"http_options": types.HttpOptions(timeout=30_000)}

if "GOOGLE_VERTEX_BASE_URL" in os.environ:
    place = {"project": "demo", "location": "europe-west4"}
    client = genai.Client(vertexai=True, credentials=Credentials(setting("VERTEX_TOKEN")), **place, **OPTIONS)
else:
    client = genai.Client(**OPTIONS)


def complete(model, prompt):
    return client.models.generate_content(model=model, contents=prompt).text


def stream(model, prompt, heard):
    config = types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=tools())],
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
    chunks = client.models.generate_content_stream(model=model, contents=prompt, config=config)
    for chunk in chunks:
        heard.events.append(chunk)
        for part in chunk.candidates[0].content.parts or []:
            heard.text(part.text)
        for call in chunk.function_calls or []:
            heard.call(call.name, call.args)


def tools():
    return [
        types.FunctionDeclaration(name=name, description=what, parameters_json_schema=SCHEMA)
        for name, what in TOOLS.items()
    ]


cases("google-genai", complete, stream)
