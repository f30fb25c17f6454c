"""Logs every request of LiteLLM (the SDK or the proxy) for faultline, which reads its StandardLoggingPayload.

SDK:    litellm.callbacks = [FaultlineLogger("requests.ndjson")]
Proxy:  put this file beside config.yaml and write
            litellm_settings:
              callbacks: faultline_callback.logger
"""

import json
import os

from litellm.integrations.custom_logger import CustomLogger


class FaultlineLogger(CustomLogger):
    """Appends one line a request. Prompts and answers are left out; faultline does not need them."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def log_success_event(self, kwargs, response_obj, start_time, end_time):
        self._write(kwargs)

    def log_failure_event(self, kwargs, response_obj, start_time, end_time):
        self._write(kwargs)

    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        self._write(kwargs)

    async def async_log_failure_event(self, kwargs, response_obj, start_time, end_time):
        self._write(kwargs)

    def _write(self, kwargs) -> None:
        payload = kwargs.get("standard_logging_object")
        if payload is None:
            return
        kept = {name: value for name, value in payload.items() if name not in ("messages", "response")}
        os.write(self._descriptor, (json.dumps(kept, default=str) + "\n").encode())


logger = FaultlineLogger(os.environ.get("FAULTLINE_LOG", "requests.ndjson"))
