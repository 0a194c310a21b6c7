# data: district
# Tests of differences: t, chi-square, correlations, and a table of results.

# %%
import numpy as np
import pandas as pd
from scipy import stats
import statsmodels.api as sm

# %%
tests = pd.read_parquet("/data/student_tests.parquet")
wide = tests.pivot_table(index=["student_id", "school_year"], columns="subject", values="scaled_score", aggfunc="max").reset_index()
people = pd.read_parquet("/data/student_demographics.parquet", columns=["student_id", "sex", "home_language"])
wide = wide.merge(people, on="student_id")
#> VIEW wide AS SELECT t.student_id, school_year, max(scaled_score) FILTER (subject = 'ELA') AS ela, max(scaled_score) FILTER (subject = 'MATH') AS math,
#>   any_value(sex) AS sex, any_value(home_language) AS language FROM student_tests t JOIN student_demographics d ON t.student_id = d.student_id GROUP BY ALL

# %%
wide[["ELA", "MATH"]].describe().loc[["mean", "std"]].round(1)
#> SELECT n(student_id) FILTER (ela IS NOT NULL), n(student_id) FILTER (math IS NOT NULL) FROM wide, range(2) GROUP BY range

# %%
print("r =", round(wide["ELA"].corr(wide["MATH"]), 3))
#> SELECT n(student_id) FROM wide WHERE ela IS NOT NULL AND math IS NOT NULL

# %%
girls, boys = wide.loc[wide["sex"] == "F", "MATH"].dropna(), wide.loc[wide["sex"] == "M", "MATH"].dropna()
t = stats.ttest_ind(girls, boys)
print(f"means {girls.mean():.1f} and {boys.mean():.1f}")
#> SELECT n(student_id) FROM wide WHERE sex IN ('F', 'M') AND math IS NOT NULL GROUP BY sex ORDER BY sex

# %%
table = pd.crosstab(wide["sex"], wide["home_language"])
chi2, p, dof, expected = stats.chi2_contingency(table)
table
#> GRID sex | language | FROM wide

# %%
effect = wide.groupby("home_language")["MATH"].agg(["mean", "std", "count"])
effect["d"] = (effect["mean"] - effect.loc["English", "mean"]) / effect["std"]
effect.round(2)
#> SELECT c, c, c, least(c, e) FROM (SELECT language, n(student_id) AS c, (SELECT n(student_id) FROM wide WHERE math IS NOT NULL AND language = 'English') AS e
#>   FROM wide WHERE math IS NOT NULL GROUP BY language) ORDER BY language

# %%
high = wide.groupby("school_year")[["ELA", "MATH"]].quantile(0.9)
high.diff().dropna().notna().all().all()

# %%
wide.groupby("sex")[["ELA", "MATH"]].mean().round(0).astype(int)
#> SELECT n(student_id) FILTER (ela IS NOT NULL), n(student_id) FILTER (math IS NOT NULL) FROM wide GROUP BY sex ORDER BY sex
