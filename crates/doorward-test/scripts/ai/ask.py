"""Asks as a program does that uses OpenAI's client, unchanged but for its base URL.

Arguments: the base URL, the key, what to do, the model. Says one line of JSON.
"""

import json
import sys

import openai

base_url, key, deed, model = sys.argv[1:5]
client = openai.OpenAI(base_url=base_url, api_key=key)
messages = [{"role": "user", "content": "Hello"}]
seen = {"pieces": 0}


def whole():
    answer = client.chat.completions.create(model=model, messages=messages, max_tokens=20)
    return {"text": answer.choices[0].message.content, "total": answer.usage.total_tokens}


def stream():
    options = {"include_usage": True}
    total = None
    events = client.chat.completions.create(
        model=model, messages=messages, stream=True, stream_options=options
    )
    for event in events:
        if event.usage:
            total = event.usage.total_tokens
        if event.choices and event.choices[0].delta.content:
            seen["pieces"] += 1
    return {"total": total}


def leave():
    events = client.chat.completions.create(model=model, messages=messages, stream=True)
    for event in events:
        if event.choices and event.choices[0].delta.content:
            seen["pieces"] += 1
        if seen["pieces"] == 3:
            events.close()
            break
    return {}


try:
    said = {"whole": whole, "stream": stream, "leave": leave}[deed]()
except openai.APIError as error:
    said = {
        "error": type(error).__name__,
        "status": getattr(error, "status_code", None),
        "code": error.code,
        "param": error.param,
    }
print(json.dumps({**seen, **said}))
