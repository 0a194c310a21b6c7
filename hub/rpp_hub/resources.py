"""Where the files lie that belong to rpp and are not Python: in a checkout, or inside the installed package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parent.parent


def resource(name: str) -> Path:
    """A file or folder such as `notebooks/starter.ipynb`; from the checkout when this is one."""
    for root in (_CHECKOUT, _PACKAGE / "resources"):
        if (root / name).exists():
            return root / name
    raise FileNotFoundError(f"{name} belongs to rpp but lies neither in a checkout nor in the package")
