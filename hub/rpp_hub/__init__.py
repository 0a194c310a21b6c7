"""rpp: the trusted side of a secure analysis environment for research-practice partnerships."""

__version__ = "0.1.0"
