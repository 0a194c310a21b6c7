"""What does a workspace's Jupyter Server do that others do not? It serves the Output Review panel and little else.

Loaded as the server extension `rpp_review.server`; the launcher merges `server_config()` into the server's settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rpp_review.server.configuration import server_config

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

__all__ = ["server_config"]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "rpp_review.server"}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    from rpp_review.server.handlers import ReviewSettings, desk_of, review_handlers

    desk = desk_of(server.root_dir, ReviewSettings(parent=server))
    server.web_app.settings["rpp_questions"] = desk.questions
    server.web_app.add_handlers(".*$", review_handlers(server.base_url, desk))
