"""Which thresholds hold in a project? The partnership's, or those of its own agreement where they are stricter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_Share = Annotated[float, Field(gt=0, le=1)]
_Count = Annotated[int, Field(ge=1, le=1_000_000)]


WORDS: Mapping[str, str] = MappingProxyType(
    {
        "threshold": "fewest people behind a value",
        "max_rows": "most rows of a table",
        "dominance": "largest share of a total's two largest",
        "p_ratio": "smallest share of the rest beside a total's largest",
        "degrees": "fewest residual degrees of freedom",
        "leaf": "fewest records in a tree's leaf",
    }
)


class OwnThresholds(BaseModel):
    """What an agreement asks beyond the partnership's risk appetite; None: nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: Annotated[int, Field(ge=2, le=1_000_000)] | None = None
    max_rows: _Count | None = None
    dominance: _Share | None = None
    p_ratio: _Share | None = None
    degrees: _Count | None = None
    leaf: _Count | None = None

    @property
    def words(self) -> str:
        """`fewest people behind a value: 20`; '' where nothing is asked."""
        asked = self.model_dump(exclude_none=True)
        return "; ".join(f"{words}: {asked[name]:,}" for name, words in WORDS.items() if name in asked)


_STRICTER: Mapping[str, Callable[[float, float], float]] = MappingProxyType(
    {"threshold": max, "max_rows": min, "dominance": min, "p_ratio": max, "degrees": max, "leaf": max}
)


def stricter(partnership: Mapping[str, float], own: OwnThresholds) -> dict[str, float]:
    """Of each threshold the stricter: an agreement can never loosen one."""
    asked = own.model_dump(exclude_none=True)
    return {
        name: _STRICTER[name](value, asked[name]) if name in asked else value
        for name, value in partnership.items()
    }
