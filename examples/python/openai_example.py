"""The OpenAI SDK with faultline's log: python openai_example.py requests.ndjson MODEL..."""

import sys

import httpx
import openai
from faultline_httpx import LoggedTransport, to_file

log = to_file(sys.argv[1])
client = openai.OpenAI(
    http_client=httpx.Client(transport=LoggedTransport(httpx.HTTPTransport(), log, client="checkout")),
)

for model in sys.argv[2:]:
    try:
        if model.endswith("+stream"):
            stream = client.chat.completions.create(
                model=model.removesuffix("+stream"), messages=[{"role": "user", "content": "Hello"}], stream=True
            )
            for _ in stream:
                pass
        else:
            client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hello"}])
        print(f"{model}: ok")
    except openai.APIError as error:
        print(f"{model}: {type(error).__name__}")
