"""A district that never was: as large and as dirty as a real one, and the same for the same seed."""

from rpp_hub.synthetic.district import Summary, write_district

__all__ = ["Summary", "write_district"]
