"""The portal at /services/rpp/: where everybody but the notebook's author at work meets the environment."""

BASE = "/services/rpp"
