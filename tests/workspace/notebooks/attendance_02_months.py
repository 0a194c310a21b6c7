# data: district
# When in the year do students stay away? Months, schools and a figure.

# %%
import pandas as pd
import matplotlib.pyplot as plt

# %%
months = pd.read_parquet("/data/student_attendance.parquet")
order = [8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6]

# %%
totals = months.groupby("month")[["days_enrolled", "days_absent"]].sum()
totals["rate"] = totals["days_absent"] / totals["days_enrolled"]
totals.sort_values("rate", ascending=False).head(3)
#> x3 SELECT n(student_id) FROM student_attendance GROUP BY month ORDER BY sum(days_absent) / sum(days_enrolled) DESC LIMIT 3

# %%
season = totals.loc[[m for m in order if m in totals.index], "rate"]
fig, ax = plt.subplots(figsize=(6, 3))
season.plot(kind="bar", ax=ax, title="Absence by month")
ax.set_ylabel("share of days")
plt.show()
#> SELECT n(student_id) FROM student_attendance GROUP BY month ORDER BY (month + 4) % 12

# %%
by_school = months.groupby(["school_code", "school_year"])["days_absent"].mean().unstack("school_year")
by_school.round(2)
#> GRID school_code | school_year | FROM student_attendance

# %%
change = by_school[2024] - by_school[2019]
change.sort_values()
#> SELECT least(a, b) FROM (SELECT school_code, n(student_id) FILTER (school_year = 2024) AS a, n(student_id) FILTER (school_year = 2019) AS b,
#>   avg(days_absent) FILTER (school_year = 2024) - avg(days_absent) FILTER (school_year = 2019) AS d FROM student_attendance GROUP BY school_code) ORDER BY d

# %%
winter = months[months["month"].isin([12, 1, 2])]
winter.groupby("school_year")["days_tardy"].agg(["sum", "mean"])
#> x2 SELECT n(student_id) FROM student_attendance WHERE month IN (12, 1, 2) GROUP BY school_year ORDER BY school_year

# %%
band = pd.cut(months["days_absent"], [-1, 0, 2, 5, 31], labels=["none", "1-2", "3-5", "6 or more"])
band.value_counts(normalize=True)
#> SELECT n(student_id) FROM student_attendance GROUP BY CASE WHEN days_absent <= 0 THEN 0 WHEN days_absent <= 2 THEN 1 WHEN days_absent <= 5 THEN 2 ELSE 3 END
#>   ORDER BY count(*) DESC

# %%
fig, axes = plt.subplots(1, 2, figsize=(8, 3))
axes[0].hist(months["days_absent"], bins=[0, 1, 2, 3, 5, 11])
axes[1].plot(months.groupby("school_year")["days_absent"].mean(), marker="o")
fig.tight_layout()
#> SELECT n(student_id) FROM student_attendance GROUP BY CASE WHEN days_absent < 1 THEN 0 WHEN days_absent < 2 THEN 1 WHEN days_absent < 3 THEN 2 WHEN days_absent < 5 THEN 3 ELSE 4 END
#>   ORDER BY min(days_absent); SELECT n(student_id) FROM student_attendance GROUP BY school_year ORDER BY school_year

# %%
print(winter.groupby("month")["days_absent"].mean().round(2))
#> SELECT n(student_id) FROM student_attendance WHERE month IN (12, 1, 2) GROUP BY month ORDER BY month
