# data: district
# Gaps with controls: regressions in steps, with robust errors.

# %%
import pandas as pd
import statsmodels.formula.api as smf

# %%
tests = pd.read_parquet("/data/student_tests.parquet")
classes = pd.read_parquet("/data/student_classifications.parquet").drop_duplicates(
    ["student_id", "school_year"]
)
people = pd.read_parquet("/data/student_demographics.parquet")
data = tests.merge(classes.drop(columns="grade_level"), on=["student_id", "school_year"]).merge(
    people, on="student_id"
)
math = data[data["subject"] == "MATH"].copy()
#> VIEW math AS SELECT t.student_id, t.school_year, t.grade_level, scaled_score, sex, race_ethnicity AS race FROM student_tests t JOIN student_demographics d ON t.student_id = d.student_id
#>   WHERE subject = 'MATH' AND (t.student_id, t.school_year) IN (SELECT (student_id, school_year) FROM student_classifications)

# %%
first = smf.ols("scaled_score ~ C(race_ethnicity)", data=math).fit()
first.params.round(1)
#> SELECT n(student_id) FROM math, range(5) WHERE race IS NOT NULL GROUP BY range ORDER BY range

# %%
second = smf.ols("scaled_score ~ C(race_ethnicity) + C(sex) + iep + ell + C(grade_level)", data=math).fit(
    cov_type="HC1"
)
second.summary()
#> SELECT n(student_id) FROM math WHERE race IS NOT NULL

# %%
print(f"R2 {first.rsquared:.3f} and {second.rsquared:.3f}, {int(second.nobs)} observations")
#> SELECT n(student_id) FROM math, range(3) WHERE race IS NOT NULL GROUP BY range

# %%
pd.DataFrame({"b": second.params, "se": second.bse, "p": second.pvalues}).loc[["iep", "ell"]].round(3)
#> x3 SELECT n(student_id) FROM math, range(2) WHERE race IS NOT NULL GROUP BY range

# %%
logit = smf.logit(
    "high ~ iep + ell + C(sex)", data=math.assign(high=(math["scaled_score"] > 2500).astype(int))
).fit(disp=0)
logit.summary()
#> SELECT n(student_id) FROM math

# %%
math.groupby(["iep", "ell"])["scaled_score"].agg(["mean", "size"])
#> VIEW kept AS SELECT DISTINCT ON (student_id, school_year) * FROM (SELECT *, row_number() OVER () AS r FROM student_classifications) ORDER BY r
#> x2 SELECT n(m.student_id) FROM math m JOIN kept k ON m.student_id = k.student_id AND m.school_year = k.school_year GROUP BY iep, ell ORDER BY iep, ell
