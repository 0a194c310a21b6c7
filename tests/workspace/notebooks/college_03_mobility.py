# data: sample
# Grades repeated and skipped, year over year.

# %%
import pandas as pd

# %%
raw = pd.read_parquet("/data/classifications.parquet", columns=["sid", "school_year", "grade_level", "iep", "ell"])
years = raw.groupby(["sid", "school_year"], as_index=False).agg({"grade_level": "max", "iep": "max", "ell": "max"})
years["next_grade"] = years.groupby("sid")["grade_level"].shift(-1)
years["step"] = years["next_grade"] - years["grade_level"]
#> VIEW years AS SELECT sid, school_year, max(grade_level) AS grade, max(iep) AS iep, max(ell) AS ell FROM classifications GROUP BY sid, school_year
#> VIEW steps AS SELECT sid, sid AS student_id, grade, iep, ell, lead(grade) OVER (PARTITION BY sid ORDER BY school_year) - grade AS step FROM years QUALIFY step IS NOT NULL

# %%
years["step"].value_counts().sort_index()
#> SELECT n(sid) FROM steps GROUP BY step ORDER BY step

# %%
years["repeated"] = years["step"] == 0
years.dropna(subset=["step"]).groupby("grade_level")["repeated"].mean().mul(100).round(2)
#> SELECT n(sid) FROM steps GROUP BY grade ORDER BY grade

# %%
tab = pd.crosstab(years["iep"], years["repeated"], margins=True, margins_name="Total")
tab
#> VIEW every AS SELECT y.sid AS student_id, y.iep, coalesce(lead(grade) OVER (PARTITION BY sid ORDER BY school_year) - grade = 0, false) AS repeated FROM years y
#> GRID+ iep | repeated | FROM every

# %%
repeaters = years[years["repeated"]]["sid"].nunique()
print(f"{repeaters} of {years['sid'].nunique()} students repeated a grade")
#> SELECT n(sid) FROM steps WHERE step = 0; SELECT n(sid) FROM years

# %%
years.groupby("school_year").agg(students=("sid", "nunique"), ell=("ell", "mean"), iep=("iep", "mean")).round(3)
#> x3 SELECT n(sid) FROM years GROUP BY school_year ORDER BY school_year

# %%
span = years.groupby("sid")["school_year"].agg(["min", "max"])
length = span["max"] - span["min"] + 1
length.value_counts().head(3)
#> SELECT count(*) FROM (SELECT sid, max(school_year) - min(school_year) AS l FROM years GROUP BY sid) GROUP BY l ORDER BY count(*) DESC LIMIT 3
