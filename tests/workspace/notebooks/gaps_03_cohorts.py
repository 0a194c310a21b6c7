# data: district
# Graduation gaps by ninth grade cohort.

# %%
import pandas as pd

# %%
people = pd.read_parquet("/data/student_demographics.parquet")
cohort = people[people["first_9th_school_year_reported"].notna()].copy()
cohort["on_time"] = (pd.to_datetime(cohort["hs_diploma_date"]).dt.year <= cohort["first_9th_school_year_reported"] + 3)
#> VIEW cohort AS SELECT *, first_9th_school_year_reported AS ninth, race_ethnicity AS race FROM student_demographics WHERE first_9th_school_year_reported IS NOT NULL

# %%
cohort.groupby("first_9th_school_year_reported").agg(n=("student_id", "size"), graduated=("on_time", "mean"))
#> x2 SELECT n(student_id) FROM cohort GROUP BY ninth ORDER BY ninth

# %%
eligible = cohort[cohort["first_9th_school_year_reported"] <= 2021]
tab = pd.crosstab(eligible["race_ethnicity"], eligible["on_time"])
tab["rate"] = tab[True] / tab.sum(axis=1)
tab.round(3)
#> SELECT n(student_id) FILTER (NOT g), n(student_id) FILTER (g), least(n(student_id) FILTER (g), n(student_id)) FROM (SELECT *, coalesce(year(hs_diploma_date) <= ninth + 3, false) AS g
#>   FROM cohort WHERE ninth <= 2021 AND race IS NOT NULL) GROUP BY race ORDER BY race

# %%
eligible.groupby(["home_language", "sex"])["on_time"].mean().unstack().fillna(0).round(2)
#> GRID home_language | sex | FROM cohort WHERE ninth <= 2021

# %%
male, female = (eligible.loc[eligible["sex"] == s, "on_time"].mean() for s in ("M", "F"))
print(f"boys {male:.3f}, girls {female:.3f}, gap {female - male:.3f}")
#> SELECT n(student_id) FILTER (sex = 'M'), n(student_id) FILTER (sex = 'F'), least(n(student_id) FILTER (sex = 'M'), n(student_id) FILTER (sex = 'F')) FROM cohort WHERE ninth <= 2021

# %%
eligible["birth_year"] = eligible["birth_date"].str[:4].astype(int)
eligible["birth_year"].value_counts().sort_index().rename("students").to_frame()
#> SELECT n(student_id) FROM cohort WHERE ninth <= 2021 GROUP BY left(birth_date, 4) ORDER BY left(birth_date, 4)

# %%
eligible[["on_time", "hs_diploma"]].agg(["mean", "sum"])
#> x4 SELECT n(student_id) FROM cohort WHERE ninth <= 2021
