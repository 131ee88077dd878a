"""The openai SDK through the proxy: a completion, a streamed one, and a refused model."""

import openai
from report import case, decision, failure, setting

MESSAGES = [{"role": "user", "content": "hello there"}]


def main():
    client = openai.OpenAI(base_url=setting("LLM_URL"), api_key="unused", max_retries=0, timeout=30)

    raw = client.chat.completions.with_raw_response.create(model="demo-model", messages=MESSAGES)
    content = raw.parse().choices[0].message.content
    case("allow", status=raw.status_code, content=content, decision=decision(raw.headers))

    stream = client.chat.completions.create(model="demo-model", messages=MESSAGES, stream=True)
    deltas = [chunk.choices[0].delta.content for chunk in stream if chunk.choices]
    content = "".join(delta or "" for delta in deltas)
    case("stream", status=stream.response.status_code, content=content, chunks=len(deltas))

    try:
        client.chat.completions.create(model=setting("LLM_DENIED_MODEL"), messages=MESSAGES)
        case("deny", exception=None)
    except openai.APIStatusError as error:
        headers = decision(error.response.headers)
        case("deny", status=error.status_code, body=error.body, decision=headers, **failure(error))


main()
