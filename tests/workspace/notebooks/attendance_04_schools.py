# data: district
# Schools beside each other: absence of their students, joined with what is known of the schools.

# %%
import pandas as pd
import numpy as np

# %%
months = pd.read_parquet("/data/student_attendance.parquet")
schools = pd.read_parquet("/data/school.parquet")
data = months.merge(schools, on="school_code", how="left")
#> VIEW data AS SELECT a.*, school_level AS level FROM student_attendance a LEFT JOIN school s ON a.school_code = s.school_code

# %%
data.groupby("school_level")[["days_absent", "days_tardy"]].mean().round(2)
#> x2 SELECT n(student_id) FROM data GROUP BY level ORDER BY level

# %%
sums = data.groupby(["school_level", "school_year"])[["days_absent", "days_enrolled"]].sum()
sums["rate"] = sums["days_absent"].div(sums["days_enrolled"])
sums["rate"].unstack().round(3)
#> GRID level | school_year | FROM data

# %%
sums.reset_index().query("school_level == 'high'").set_index("school_year")[["rate"]]
#> SELECT n(student_id) FROM data WHERE level = 'high' GROUP BY school_year ORDER BY school_year

# %%
data["quarter"] = np.where(data["month"] >= 8, "autumn", np.where(data["month"] <= 3, "winter", "spring"))
pd.crosstab(data["quarter"], data["school_level"], values=data["days_absent"], aggfunc="sum", margins=True)
#> GRID+ CASE WHEN month >= 8 THEN 'autumn' WHEN month <= 3 THEN 'winter' ELSE 'spring' END | level | FROM data

# %%
per_student = data.groupby(["school_level", "student_id"])["days_absent"].sum()
per_student.groupby(level="school_level").quantile([0.25, 0.5, 0.75]).unstack()
#> x3 SELECT n(student_id) FROM data GROUP BY level ORDER BY level

# %%
np.average(sums["rate"], weights=sums["days_enrolled"]) > 0

# %%
highest = sums["rate"].idxmax()
print(f"{sums['rate'].max():.3f}")
#> SELECT n(student_id) FROM data
