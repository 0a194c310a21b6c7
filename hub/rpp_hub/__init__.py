"""rpp: the trusted side of a secure analysis environment for research-practice partnerships."""

import sys

# jsonschema's IRI checks build a grammar when they are imported, two seconds of every command. It does without.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

__version__ = "0.1.0"
