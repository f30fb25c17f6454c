"""Logs every attempt of an httpx client, and so of the OpenAI SDK, in faultline's native format.

    import httpx, openai
    from faultline_httpx import LoggedTransport, to_file

    log = to_file("requests.ndjson")
    client = openai.OpenAI(
        http_client=httpx.Client(transport=LoggedTransport(httpx.HTTPTransport(), log, client="checkout")),
    )

Each attempt is one line, written when its answer has been read to the end: the SDK's own retries are seen, and so are
connection errors, timeouts and errors inside a stream. API keys leave the process only as fingerprints, prompts and
answers not at all; of a failure the body is logged, because it says what to do.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timezone
from typing import Any

import httpx

Sink = Callable[[dict[str, Any]], None]

# Of a stream only the end is kept: that is where usage and errors stand.
STREAM_TAIL = 64 * 1024
LARGEST_BODY = 1024 * 1024
KEPT_HEADERS = re.compile(
    r"^(retry-after|x-should-retry|x-ratelimit-|anthropic-ratelimit-|x-request-id$|request-id$|apim-request-id$"
    r"|openai-organization$|openai-project$|x-ms-region$)",
    re.IGNORECASE,
)
KEY_PREFIX = re.compile(r"^(sk-proj-|sk-svcacct-|sk-admin-|sk-ant-|sk-or-|sk-)")


def to_file(path: str | os.PathLike[str]) -> Sink:
    """Appends one line a request. Several processes may share the file: a line is one write."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(record: dict[str, Any]) -> None:
        os.write(descriptor, (json.dumps(record, ensure_ascii=False) + "\n").encode())

    return write


def to_kafka(producer: Any, topic: str = "llm-requests") -> Sink:
    """Sends to Kafka through a `confluent_kafka.Producer`; call `producer.flush()` before the process ends."""

    def send(record: dict[str, Any]) -> None:
        producer.produce(topic, json.dumps(record, ensure_ascii=False).encode())
        producer.poll(0)

    return send


class LoggedTransport(httpx.BaseTransport):
    """Logs what passes through another transport. `fields` are added to each record, such as client="checkout"."""

    def __init__(self, inner: httpx.BaseTransport, sink: Sink, **fields: str) -> None:
        self._inner, self._sink, self._fields = inner, sink, fields

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        attempt = _Attempt(request, self._sink, self._fields)
        try:
            response = self._inner.handle_request(request)
        except Exception as error:
            attempt.end(error)
            raise
        attempt.begin(response)
        response.stream = _SyncStream(response.stream, attempt)  # type: ignore[arg-type]
        return response

    def close(self) -> None:
        self._inner.close()


class AsyncLoggedTransport(httpx.AsyncBaseTransport):
    """The same for `httpx.AsyncClient` and `openai.AsyncOpenAI`."""

    def __init__(self, inner: httpx.AsyncBaseTransport, sink: Sink, **fields: str) -> None:
        self._inner, self._sink, self._fields = inner, sink, fields

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        attempt = _Attempt(request, self._sink, self._fields)
        try:
            response = await self._inner.handle_async_request(request)
        except Exception as error:
            attempt.end(error)
            raise
        attempt.begin(response)
        response.stream = _AsyncStream(response.stream, attempt)  # type: ignore[arg-type]
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _SyncStream(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream, attempt: _Attempt) -> None:
        self._inner, self._attempt = inner, attempt

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._inner:
                self._attempt.read(chunk)
                yield chunk
        except Exception as error:
            self._attempt.end(error)
            raise

    def close(self) -> None:
        self._inner.close()
        self._attempt.end()


class _AsyncStream(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, attempt: _Attempt) -> None:
        self._inner, self._attempt = inner, attempt

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._inner:
                self._attempt.read(chunk)
                yield chunk
        except Exception as error:
            self._attempt.end(error)
            raise

    async def aclose(self) -> None:
        await self._inner.aclose()
        self._attempt.end()


class _Attempt:
    """One request and its answer, from the first byte to the line in the log."""

    def __init__(self, request: httpx.Request, sink: Sink, fields: dict[str, str]) -> None:
        self._sink = sink
        self._started = time.monotonic()
        self._response: httpx.Response | None = None
        self._body = bytearray()
        self._is_stream = False
        self._done = threading.Lock()
        asked = _json_object(_request_body(request))
        self._record: dict[str, Any] = {
            "provider": _provider(request.url.host),
            "api_key": fingerprint(_api_key(request.headers)),
            "model": asked.get("model"),
            "endpoint": request.url.path,
            "method": request.method,
            "retry_count": int(request.headers.get("x-stainless-retry-count", "0") or 0),
            "stream": asked.get("stream") is True,
            **fields,
        }

    def begin(self, response: httpx.Response) -> None:
        self._response = response
        self._is_stream = "event-stream" in response.headers.get("content-type", "")

    def read(self, chunk: bytes) -> None:
        if self._is_stream:
            self._record.setdefault("ttft_ms", self._elapsed())
            self._body += chunk
            del self._body[:-STREAM_TAIL]
        elif len(self._body) < LARGEST_BODY:
            self._body += chunk

    def end(self, error: Exception | None = None) -> None:
        """Writes the line, once. Logging must never fail a request, so what goes wrong here goes nowhere."""
        if not self._done.acquire(blocking=False):
            return
        try:
            self._sink({k: v for k, v in self._finished(error).items() if v is not None})
        except Exception:  # noqa: BLE001
            pass

    def _finished(self, error: Exception | None) -> dict[str, Any]:
        response = self._response
        record = {
            "ts": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            **self._record,
            "latency_ms": self._elapsed(),
            "status": 0 if response is None else response.status_code,
        }
        if response is not None:
            record["headers"] = {k: v for k, v in response.headers.items() if KEPT_HEADERS.match(k)}
            record.update(self._outcome(response))
        if error is not None:
            record["exception"] = f"{type(error).__module__}.{type(error).__name__}"
            record["error"] = str(error) or type(error).__name__
        return record

    def _outcome(self, response: httpx.Response) -> dict[str, Any]:
        text = self._text(response)
        if response.status_code >= 400:
            return {"error": text}
        events = _events(text) if self._is_stream else [_json_object(text.encode())]
        usage = next((found for event in reversed(events) if (found := _usage(event))), {})
        failed = next((event for event in events if _is_failure(event)), None)
        return {**usage, "error": failed}

    def _text(self, response: httpx.Response) -> str:
        encoding = response.headers.get("content-encoding")
        body = bytes(self._body)
        if encoding and not self._is_stream:
            body = httpx.Response(200, headers={"content-encoding": encoding}, content=body).content
        return body.decode("utf-8", "replace")

    def _elapsed(self) -> float:
        return round((time.monotonic() - self._started) * 1000, 1)


def fingerprint(key: str) -> str:
    """`prefix…last4#hash8`: enough to find the key again, not enough to use it."""
    if not key:
        return ""
    prefix = match.group(0) if (match := KEY_PREFIX.match(key)) else ""
    tail = key[-4:] if len(key) - len(prefix) >= 12 else ""
    return f"{prefix}…{tail}#{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def _api_key(headers: httpx.Headers) -> str:
    bearer = re.sub(r"^bearer +", "", headers.get("authorization", ""), flags=re.IGNORECASE)
    return headers.get("api-key") or headers.get("x-api-key") or headers.get("x-goog-api-key") or bearer


def _request_body(request: httpx.Request) -> bytes:
    try:
        return request.content
    except httpx.RequestNotRead:
        return b""  # A file that is being sent: its fields are not needed.


def _provider(host: str) -> str:
    for part, name in (
        ("openai.azure.com", "azure"),
        ("anthropic.com", "anthropic"),
        ("googleapis.com", "gemini"),
        ("openai.com", "openai"),
    ):
        if host.endswith(part):
            return name
    return host


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _events(text: str) -> list[dict[str, Any]]:
    lines = (line[5:].strip() for line in text.splitlines() if line.startswith("data:"))
    return [event for line in lines if line != "[DONE]" and (event := _json_object(line.encode()))]


def _usage(event: dict[str, Any]) -> dict[str, int]:
    answer = event.get("response") if isinstance(event.get("response"), dict) else event
    usage = answer.get("usage") if isinstance(answer, dict) else None
    if not isinstance(usage, dict):
        return {}
    tokens = {
        "input_tokens": usage.get("prompt_tokens", usage.get("input_tokens")),
        "output_tokens": usage.get("completion_tokens", usage.get("output_tokens")),
    }
    return {name: count for name, count in tokens.items() if isinstance(count, int)}


def _is_failure(event: dict[str, Any]) -> bool:
    answer = event.get("response")
    nested = answer.get("error") if isinstance(answer, dict) else None
    return event.get("type") in ("error", "response.failed") or bool(event.get("error") or nested)
