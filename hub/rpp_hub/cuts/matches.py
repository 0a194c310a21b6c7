"""What did somebody mean who wrote a name that does not exist?"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(written: str, names: Iterable[str]) -> str:
    """`; did you mean a or b?` with the closest names, or all names if there are few, or nothing."""
    known = sorted(names)
    close = difflib.get_close_matches(written.lower(), known, n=3, cutoff=0.5)
    close += [n for n in known if n not in close and (written.lower() in n or n in written.lower())][
        : 3 - len(close)
    ]
    return f" (did you mean {' or '.join(close)}?)" if close else ""
