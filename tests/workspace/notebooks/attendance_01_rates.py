# data: district
# Who is absent, and how often? Rates by year, grade and programme.

# %%
import pandas as pd
import numpy as np

# %%
classes = pd.read_parquet("/data/student_classifications.parquet")
classes.shape[1] > 5

# %%
classes["rate"] = classes["total_days_absent"] / classes["total_days_enrolled"]
classes["chronic"] = classes["rate"] >= 0.1
classes["rate"].describe().round(3)
#> x8 SELECT n(student_id) FROM student_classifications

# %%
classes.groupby("school_year")["rate"].agg(["mean", "median", "std", "count"]).round(3)
#> x4 SELECT n(student_id) FROM student_classifications GROUP BY school_year ORDER BY school_year

# %%
by_grade = classes.groupby("grade_level").agg(
    students=("student_id", "nunique"),
    mean_rate=("rate", "mean"),
    chronic=("chronic", "mean"),
)
by_grade["chronic_pct"] = (by_grade["chronic"] * 100).round(1)
by_grade
#> x4 SELECT n(student_id) FROM student_classifications GROUP BY grade_level ORDER BY grade_level

# %%
level = pd.cut(classes["grade_level"], [-1, 5, 8, 12], labels=["elementary", "middle", "high"])
classes.groupby(level, observed=True)["chronic"].mean().mul(100).round(1).to_frame("chronic absence, %")
#> SELECT n(student_id) FROM student_classifications GROUP BY CASE WHEN grade_level <= 5 THEN 1 WHEN grade_level <= 8 THEN 2 ELSE 3 END
#>   ORDER BY CASE WHEN grade_level <= 5 THEN 1 WHEN grade_level <= 8 THEN 2 ELSE 3 END

# %%
pd.crosstab(classes["school_year"], classes["chronic"], normalize="index").round(3)
#> GRID school_year | total_days_absent / total_days_enrolled >= 0.1 | FROM student_classifications

# %%
overall = classes["chronic"].mean()
iep = classes.loc[classes["iep"] == 1, "chronic"].mean()
print(f"Chronic absence: {overall:.1%} of all, {iep:.1%} of students with an IEP")
#> SELECT n(student_id) FROM student_classifications; SELECT n(student_id) FROM student_classifications WHERE iep = 1

# %%
table = classes.pivot_table(values="rate", index="grade_level", columns="iep", aggfunc="mean", margins=True)
table.round(3)
#> GRID+ grade_level | iep | FROM student_classifications
