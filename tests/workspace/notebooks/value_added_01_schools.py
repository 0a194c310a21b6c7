# data: district
# Value added of schools: last year's score predicts this year's; what is left belongs to the school.

# %%
import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
import matplotlib.pyplot as plt

# %%
tests = pd.read_parquet("/data/student_tests.parquet")
where = pd.read_parquet("/data/student_enrollment.parquet")
math = tests.loc[tests["subject"] == "MATH", ["student_id", "school_year", "grade_level", "scaled_score"]]
math = math.drop_duplicates(["student_id", "school_year"])
before = math.rename(columns={"scaled_score": "prior"})[["student_id", "school_year", "prior"]].copy()
before["school_year"] = before["school_year"] + 1
pairs = math.merge(before, on=["student_id", "school_year"])
home = where.drop_duplicates(["student_id", "school_year"])[["student_id", "school_year", "school_code"]]
pairs = pairs.merge(home, on=["student_id", "school_year"])
#> VIEW math AS SELECT DISTINCT student_id, school_year FROM student_tests WHERE subject = 'MATH'
#> VIEW home AS SELECT student_id, school_year, school_code FROM (SELECT *, row_number() OVER () AS r FROM student_enrollment)
#>   QUALIFY row_number() OVER (PARTITION BY student_id, school_year ORDER BY r) = 1
#> VIEW pairs AS SELECT m.student_id, m.school_year, school_code FROM math m JOIN math b ON m.student_id = b.student_id AND m.school_year = b.school_year + 1
#>   JOIN home h ON m.student_id = h.student_id AND m.school_year = h.school_year

# %%
pairs[["prior", "scaled_score"]].corr().round(3)
#> x4 SELECT n(student_id) FROM pairs

# %%
fit = smf.ols("scaled_score ~ prior + C(grade_level) + C(school_year)", data=pairs).fit()
print(fit.summary())
#> SELECT n(student_id) FROM pairs

# %%
pairs["residual"] = fit.resid
effects = pairs.groupby("school_code")["residual"].agg(["mean", "sem", "size"]).sort_values("mean")
effects["mean"].std()
#> SELECT n(student_id) FROM pairs

# %%
pairs.groupby("school_year")["residual"].mean().round(2)
#> SELECT n(student_id) FROM pairs GROUP BY school_year ORDER BY school_year

# %%
shown = pairs.groupby("school_code")["residual"].agg(["mean", "sem"])
plt.errorbar(range(len(shown)), shown["mean"], yerr=1.96 * shown["sem"], fmt="o")
plt.axhline(0, color="grey")
plt.title("Value added, mathematics")
plt.show()
#> SELECT n(student_id) FROM pairs GROUP BY school_code ORDER BY school_code

# %%
shrunk = shown["mean"] * 0.8
shrunk.rank()
shrunk.round(1).reset_index(drop=True)
#> SELECT n(student_id) FROM pairs GROUP BY school_code ORDER BY school_code
