"""What ran in this workspace's kernels? Taken from the requests on their way in, before a kernel can say anything."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
)
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from rpp_review.provenance import source_hash
from rpp_review.server.cell_time import TimedKernels
from rpp_review.server.questions import question_in
from rpp_review.server.refused import Refused
from rpp_review.server.run_chains import Runs
from rpp_review.server.supervisor import ask, ask_now

V1 = "v1.kernel.websocket.jupyter.org"


class RecordedKernels(TimedKernels):
    """Kernels whose runs are written down."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.runs = Runs(keep)
        self._is_taken_up = False

    async def take_up(self) -> None:
        """What was seen before this server began, once; where it cannot be asked for, the next time."""
        if self._is_taken_up:
            return
        lines: list[dict[str, Any]] = []
        start: int | None = 0
        with contextlib.suppress(Refused):
            while start is not None:
                page = await ask({"do": "runs", "from": start})
                lines += page["lines"]
                start = page["next"]
            self.runs.take_up(lines)
            self._is_taken_up = True

    def start_watching_activity(self, kernel_id: str) -> None:
        super().start_watching_activity(kernel_id)
        self.add_restart_callback(kernel_id, lambda: self.runs.restarted(kernel_id), "restart")

    async def restart_kernel(self, kernel_id: str, now: bool = False) -> None:
        self.runs.restarted(kernel_id)
        await super().restart_kernel(kernel_id, now=now)


class RecordedConnection(ZMQChannelsWebsocketConnection):
    """What a browser sends to a kernel is written down before it is sent on; a question that a kernel shows is asked."""

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        if self.channels:
            header, metadata, content = self._parts(incoming_msg)
            if header.get("msg_type") == "execute_request":
                self._note(metadata, content)
        super().handle_incoming_message(incoming_msg)

    def handle_outgoing_message(self, stream: str, outgoing_msg: list[Any]) -> None:
        super().handle_outgoing_message(stream, outgoing_msg)
        if getattr(stream, "channel", stream) == "iopub":
            self._ask(outgoing_msg)

    def _ask(self, message: list[Any]) -> None:
        """A question that a kernel shows is sent to the portal."""
        questions = self.websocket_handler.settings.get("rpp_questions")
        found = question_in(self.session.feed_identities(message)[1][1:])
        if questions is not None and found is not None:
            questions.take(*found)

    def _note(self, metadata: dict[str, Any], content: dict[str, Any]) -> None:
        kernels = self.multi_kernel_manager
        if isinstance(kernels, RecordedKernels):
            source = source_hash(str(content.get("code", "")), content.get("user_expressions"))
            path = path_of(self.websocket_handler.session_manager, self.kernel_id)
            kernels.runs.ran(self.kernel_id, path, str(metadata.get("cellId", "")), source)

    def _parts(self, incoming: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """As Jupyter Server reads it itself: what cannot be read here raises there as well, and is not sent."""
        if self.subprotocol == V1:
            _, parts = deserialize_msg_from_ws_v1(incoming)
            header = json.loads(parts[0])
            if header.get("msg_type") != "execute_request":
                return header, {}, {}
            return header, json.loads(parts[2]), json.loads(parts[3])
        message = (
            deserialize_binary_message(incoming) if isinstance(incoming, bytes) else json.loads(incoming)
        )
        return message.get("header") or {}, message.get("metadata") or {}, message.get("content") or {}


def keep(kernel: str, run: Mapping[str, Any]) -> None:
    """Outside of this sandbox, before the kernel is told: what does not get there is known to this server alone."""
    with contextlib.suppress(Refused):
        ask_now({"do": "ran", "kernel": kernel, "run": run})


def path_of(sessions: Any, kernel: str) -> str:
    """The notebook that a kernel belongs to now; '' where there is none."""
    sessions.cursor.execute("SELECT path FROM session WHERE kernel_id=?", (kernel,))
    row = sessions.cursor.fetchone()
    return "" if row is None else str(row["path"])
