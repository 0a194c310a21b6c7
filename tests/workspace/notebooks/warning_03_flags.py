# data: district
# Early warning by flags: attendance, behaviour, course; how many flags have how many students?

# %%
import pandas as pd
import rpp

# %%
classes = rpp.load("student_classifications", columns=["student_id", "school_year", "grade_level", "total_days_enrolled", "total_days_absent", "days_suspended_out_of_school"], years=[2022, 2023])
tests = rpp.load("student_tests", columns=["student_id", "school_year", "subject", "scaled_score"])
low = tests[tests["subject"] == "ELA"].groupby(["student_id", "school_year"])["scaled_score"].mean().rename("ela").reset_index()
data = classes.merge(low, on=["student_id", "school_year"], how="left")
data["absent"] = data["total_days_absent"] / data["total_days_enrolled"] >= 0.1
data["behaviour"] = data["days_suspended_out_of_school"] > 0
data["course"] = data["ela"] < 2400
data["flags"] = data[["absent", "behaviour", "course"]].sum(axis=1)
#> VIEW data AS SELECT c.*, (total_days_absent / total_days_enrolled >= 0.1) AS absent, days_suspended_out_of_school > 0 AS behaviour, coalesce(ela < 2400, false) AS course, ela
#>   FROM student_classifications c LEFT JOIN (SELECT student_id, school_year, avg(scaled_score) AS ela FROM student_tests WHERE subject = 'ELA' GROUP BY ALL) t
#>   ON c.student_id = t.student_id AND c.school_year = t.school_year WHERE c.school_year IN (2022, 2023)
#> VIEW flagged AS SELECT *, absent::INT + behaviour::INT + course::INT AS flags FROM data

# %%
data["flags"].value_counts().sort_index()
#> SELECT n(student_id) FROM flagged GROUP BY flags ORDER BY flags

# %%
data.groupby("grade_level")[["absent", "behaviour", "course"]].mean().mul(100).round(1)
#> x3 SELECT n(student_id) FROM flagged GROUP BY grade_level ORDER BY grade_level

# %%
pd.crosstab(data["absent"], data["behaviour"], margins=True, normalize=True).round(3)
#> GRID+ absent | behaviour | FROM flagged

# %%
data.groupby("flags")["ela"].mean().round(0)
#> SELECT n(student_id) FILTER (ela IS NOT NULL) FROM flagged GROUP BY flags ORDER BY flags

# %%
print(f"{(data['flags'] >= 2).mean():.1%} have two flags or more")
#> SELECT n(student_id) FROM flagged

# %%
data.groupby("school_year").apply(lambda d: (d["flags"] > 0).mean(), include_groups=False)
#> SELECT n(student_id) FROM flagged GROUP BY school_year ORDER BY school_year
