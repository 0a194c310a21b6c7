# data: district
# Teacher turnover: who leaves, from which schools, after how many years?

# %%
import pandas as pd
import statsmodels.formula.api as smf
import altair as alt

# %%
posts = pd.read_parquet("/data/staff_school_year.parquet")
staff = pd.read_parquet("/data/staff.parquet")
teachers = posts[posts["job_code"] == "TCH"].merge(staff, on="staff_id")
teachers = teachers.sort_values(["staff_id", "school_year"])
teachers["next"] = teachers.groupby("staff_id")["school_year"].shift(-1)
teachers["left"] = (teachers["next"] != teachers["school_year"] + 1) & (teachers["school_year"] < 2024)
#> VIEW teachers AS SELECT p.*, sex, highest_degree FROM staff_school_year p JOIN staff s ON p.staff_id = s.staff_id WHERE job_code = 'TCH'

# %%
posts.groupby(["school_year", "job_code"])["staff_id"].nunique().unstack()
#> GRID school_year | job_code | FROM staff_school_year OF staff

# %%
teachers[teachers["school_year"] < 2024].groupby("school_year")["left"].mean().round(3)
#> SELECT n(staff_id) FROM teachers WHERE school_year < 2024 GROUP BY school_year ORDER BY school_year

# %%
teachers["band"] = pd.cut(teachers["experience"], [0, 3, 10, 40], labels=["1-3", "4-10", "more"])
leavers = teachers.pivot_table(
    index="band", columns="highest_degree", values="left", aggfunc="mean", observed=True
)
leavers.round(2)
#> GRID CASE WHEN experience <= 3 THEN 1 WHEN experience <= 10 THEN 2 ELSE 3 END | highest_degree | FROM teachers OF staff

# %%
rates = teachers.groupby(["school_code", "school_year"], as_index=False)["left"].mean()
overall = rates.groupby("school_year", as_index=False)["left"].mean()
alt.Chart(overall, title="Teachers who leave").mark_line(point=True).encode(x="school_year:O", y="left:Q")
#> SELECT n(staff_id) FROM teachers GROUP BY school_year ORDER BY school_year

# %%
fit = smf.logit(
    "gone ~ experience + C(highest_degree) + C(sex)", data=teachers.assign(gone=teachers["left"].astype(int))
).fit(disp=False)
fit.get_margeff().summary()
#> SELECT n(staff_id) FROM teachers

# %%
print(
    f"{teachers['staff_id'].nunique()} teachers, of whom {teachers.loc[teachers['left'], 'staff_id'].nunique()} left at some time"
)
#> VIEW gone AS SELECT staff_id FROM teachers t WHERE school_year < 2024 AND NOT EXISTS (FROM teachers o WHERE o.staff_id = t.staff_id AND o.school_year = t.school_year + 1)
#> SELECT n(staff_id) FROM teachers; SELECT n(staff_id) FROM gone

# %%
staff["hired"] = pd.to_datetime(staff["hire_date"]).dt.year
staff.set_index(pd.to_datetime(staff["hire_date"])).resample("10YS")["staff_id"].count()
#> SELECT n(staff_id) FROM staff GROUP BY (year(hire_date) - 1990) // 10 ORDER BY (year(hire_date) - 1990) // 10
