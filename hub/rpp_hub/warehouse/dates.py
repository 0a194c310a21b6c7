"""How districts write dates. Only forms that can be read in one way."""

from __future__ import annotations

# %d%b%Y is Stata's 14may2009. Day/month/year is not among them: it cannot be told from month/day/year.
FORMATS = ("%Y-%m-%d", "%Y%m%d", "%m/%d/%Y", "%d%b%Y", "%Y-%m-%d %H:%M:%S")
