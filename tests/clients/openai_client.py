"""The openai SDK's client: of Azure where its variables name an endpoint there."""

import os

import openai

OPTIONS = {"max_retries": 0, "timeout": 30}

if "AZURE_OPENAI_ENDPOINT" in os.environ:
    client = openai.AzureOpenAI(api_version="2025-04-01-preview", **OPTIONS)
else:
    client = openai.OpenAI(**OPTIONS)
