# data: sample
# Years side by side: concatenations, differences and styled tables.

# %%
import pandas as pd

# %%
classes = pd.read_parquet("/data/classifications.parquet")
early = classes.loc[classes["school_year"].between(2004, 2006)].groupby("frpl")["total_days_absent"].mean()
late = classes.loc[classes["school_year"].between(2007, 2009)].groupby("frpl")["total_days_absent"].mean()
#> VIEW halves AS SELECT sid, frpl, school_year <= 2006 AS early FROM classifications WHERE frpl IS NOT NULL

# %%
pd.concat([early.rename("early"), late.rename("late")], axis=1).round(2)
#> SELECT n(sid) FILTER (early), n(sid) FILTER (NOT early) FROM halves GROUP BY frpl ORDER BY frpl

# %%
(late - early).round(2)
#> SELECT least(n(sid) FILTER (early), n(sid) FILTER (NOT early)) FROM halves GROUP BY frpl ORDER BY frpl

# %%
both = pd.DataFrame({"early": early, "late": late})
both["change"] = both["late"] - both["early"]
both.style.format("{:.1f}").background_gradient(cmap="Blues")
#> SELECT n(sid) FILTER (early), n(sid) FILTER (NOT early), least(n(sid) FILTER (early), n(sid) FILTER (NOT early)) FROM halves GROUP BY frpl ORDER BY frpl

# %%
total = classes.groupby("school_year")["sid"].nunique()
total.pct_change().notna().sum() == len(total) - 1

# %%
total.to_frame("students").T
#> SELECT n(sid) FROM classifications GROUP BY school_year ORDER BY school_year

# %%
joined = classes.groupby("grade_level").size().to_frame("records").join(classes.groupby("grade_level")["iep"].mean())
joined.head(4)
#> x2 SELECT n(sid) FROM classifications GROUP BY grade_level ORDER BY grade_level LIMIT 4

# %%
means = classes.groupby(["school_year", "ell"])["total_days_absent"].mean()
print(means.xs(1, level="ell").round(1))
#> SELECT n(sid) FROM classifications WHERE ell = 1 GROUP BY school_year ORDER BY school_year
