# data: district
# From months to students to schools: aggregates of aggregates.

# %%
import pandas as pd

# %%
months = pd.read_parquet("/data/student_attendance.parquet")
people = pd.read_parquet(
    "/data/student_demographics.parquet", columns=["student_id", "sex", "race_ethnicity", "home_language"]
)
#> VIEW years AS SELECT a.student_id, school_year, sum(days_absent) / sum(days_enrolled) AS rate, any_value(sex) AS sex, any_value(race_ethnicity) AS race,
#>   any_value(home_language) AS language FROM student_attendance a JOIN student_demographics d ON a.student_id = d.student_id GROUP BY ALL

# %%
years = months.groupby(["student_id", "school_year"], as_index=False)[["days_absent", "days_enrolled"]].sum()
years["rate"] = years["days_absent"] / years["days_enrolled"]
years = years.merge(people, on="student_id", how="left")
years["chronic"] = (years["rate"] >= 0.1).astype(int)
years.groupby("school_year")["chronic"].mean()
#> SELECT n(student_id) FROM years GROUP BY school_year ORDER BY school_year

# %%
years.groupby(["race_ethnicity", "school_year"])["chronic"].mean().unstack().round(3)
#> GRID race | school_year | FROM years

# %%
summary = (
    years.groupby("home_language")
    .agg(students=("student_id", "nunique"), records=("rate", "size"), mean=("rate", "mean"))
    .sort_values("mean")
    .reset_index()
)
summary
#> x3 SELECT n(student_id) FROM years GROUP BY language ORDER BY avg(rate)

# %%
worst = years.groupby("student_id")["rate"].max()
worst.describe(percentiles=[0.5, 0.9])
#> x7 SELECT n(student_id) FROM years

# %%
print("Students ever chronically absent:", years.loc[years["chronic"] == 1, "student_id"].nunique())
#> SELECT n(student_id) FROM years WHERE rate >= 0.1

# %%
spell = (
    years.sort_values("school_year").groupby("student_id").agg(first=("rate", "first"), last=("rate", "last"))
)
spell["change"] = spell["last"] - spell["first"]
spell["change"].mean()
#> SELECT n(student_id) FROM years

# %%
years.pivot_table(index="sex", columns="school_year", values="rate", aggfunc=["mean", "count"]).round(3)
#> SELECT n(student_id) FILTER (school_year = 2019), n(student_id) FILTER (school_year = 2020), n(student_id) FILTER (school_year = 2021), n(student_id) FILTER (school_year = 2022),
#>   n(student_id) FILTER (school_year = 2023), n(student_id) FILTER (school_year = 2024), n(student_id) FILTER (school_year = 2019), n(student_id) FILTER (school_year = 2020),
#>   n(student_id) FILTER (school_year = 2021), n(student_id) FILTER (school_year = 2022), n(student_id) FILTER (school_year = 2023), n(student_id) FILTER (school_year = 2024)
#>   FROM years GROUP BY sex ORDER BY sex
