"""All tables there are: the models of every module here, gathered without a list that somebody could forget to extend."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import rpp_hub.store
from rpp_hub.store.models import Base

for _module in pkgutil.iter_modules(rpp_hub.store.__path__):
    if _module.name.startswith("model_"):
        import_module(f"rpp_hub.store.{_module.name}")

METADATA = Base.metadata
