# data: district
# Who moves between schools within a year, and when do spells begin?

# %%
import pandas as pd
import matplotlib.pyplot as plt

# %%
spells = pd.read_parquet("/data/student_enrollment.parquet")
spells["entry_date"] = pd.to_datetime(spells["entry_date"])
spells["exit_date"] = pd.to_datetime(spells["exit_date"])
spells["days"] = (spells["exit_date"] - spells["entry_date"]).dt.days

# %%
spells.groupby("school_year")["days"].agg(["mean", "median"]).round(1)
#> x2 SELECT n(student_id) FROM student_enrollment GROUP BY school_year ORDER BY school_year

# %%
starts = spells.resample("YS", on="entry_date")["student_id"].nunique()
starts
#> SELECT n(student_id) FROM student_enrollment GROUP BY year(entry_date) ORDER BY year(entry_date)

# %%
late = spells[spells["entry_code"] == "E2"]
late["school_year"].value_counts(sort=False).sort_index().plot(kind="bar")
plt.title("Late entries")
plt.show()
#> SELECT n(student_id) FROM student_enrollment WHERE entry_code = 'E2' GROUP BY school_year ORDER BY school_year

# %%
pd.crosstab(spells["entry_code"], spells["exit_code"], margins=True)
#> GRID+ entry_code | exit_code | FROM student_enrollment

# %%
several = spells.groupby(["student_id", "school_year"]).size().gt(1)
several.groupby("school_year").mean().round(4)
#> SELECT n(student_id) FROM student_enrollment GROUP BY school_year ORDER BY school_year

# %%
spells.pivot_table(index="school_code", columns="school_year", values="student_id", aggfunc="nunique").sum()
#> SELECT n(student_id) FROM student_enrollment GROUP BY school_year ORDER BY school_year
