"""What a browser sends to a kernel when a cell is run, and what the kernel answers to it."""

from __future__ import annotations

import uuid
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient


def execute_request(session: str, code: str) -> dict[str, Any]:
    header = {
        "msg_id": uuid.uuid4().hex, "session": session, "username": "", "msg_type": "execute_request", "version": "5.3",
        "date": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    content = {
        "code": code,
        "silent": False,
        "store_history": False,
        "user_expressions": {},
        "allow_stdin": False,
    }
    return {
        "header": header,
        "parent_header": {},
        "metadata": {},
        "content": content,
        "channel": "shell",
        "buffers": [],
    }


def reply_to(client: BlockingKernelClient, asked: str, timeout: float = 20) -> dict[str, Any]:
    """The content of the answer to one request; answers to what was asked before it may come first."""
    while True:
        reply = client.get_shell_msg(timeout=timeout)
        if reply["parent_header"].get("msg_id") == asked:
            return dict(reply["content"])
