"""Every route of the portal as somebody would use it, and who gets past its door."""

from __future__ import annotations

from tests.integration.web.doors_of_api import CALLS
from tests.integration.web.doors_of_pages import PAGES

DOORS = (*PAGES, *CALLS)
# what takes another credential than a session: tested elsewhere
OTHER = {
    ("GET", "/health"),
    ("GET", "/oauth_callback"),
    ("POST", "/workspace/requests"),
    ("POST", "/workspace/questions"),
    ("GET", "/workspace/requests"),
}
