"""How the relay says no: a page to a person who came by an address, JSON to JupyterLab."""

from __future__ import annotations

import html
import json

from aiohttp import web

from rpp_hub.workspace.routes import Barred

_TITLES = {"paused": "This workspace is paused", "starting": "Not ready yet", "too-large": "Too large"}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body{{font:16px/1.55 system-ui,sans-serif;color:#1b2430;background:#f4f6f8;margin:0}}
main{{max-width:38rem;margin:12vh auto;padding:1.5rem;background:#fff;border:1px solid #d3dae2;border-left:5px solid #b86b00;border-radius:8px}}
h1{{font-size:1.4rem;margin:0 0 .6rem}}</style></head>
<body><main><h1>{title}</h1><p>{reason}</p></main></body></html>
"""


def told(barred: Barred, *, as_page: bool) -> web.Response:
    """The refusal with its status; the caller adds the headers that every answer carries."""
    if as_page:
        title = _TITLES.get(barred.code, "This is not available")
        page = _PAGE.format(title=html.escape(title), reason=html.escape(barred.reason))
        return web.Response(status=barred.status, text=page, content_type="text/html", charset="utf-8")
    said = {"error": {"code": barred.code, "message": barred.reason}, "message": barred.reason}
    return web.Response(status=barred.status, text=json.dumps(said), content_type="application/json")
