# data: district
# How large are the gaps in test scores? By group, subject and year.

# %%
import pandas as pd
import seaborn as sns
import matplotlib.pyplot as plt

# %%
tests = pd.read_parquet("/data/student_tests.parquet")
people = pd.read_parquet("/data/student_demographics.parquet")
data = tests.merge(people, on="student_id", how="inner", validate="many_to_one")
#> VIEW scored AS SELECT t.*, sex, race_ethnicity AS race, home_language AS language FROM student_tests t JOIN student_demographics d ON t.student_id = d.student_id

# %%
data["z"] = data.groupby(["subject", "school_year", "grade_level"])["scaled_score"].transform(
    lambda s: (s - s.mean()) / s.std()
)
data.groupby(["subject", "race_ethnicity"])["z"].mean().unstack("subject").round(2)
#> GRID race | subject | FROM scored

# %%
means = data.groupby(["race_ethnicity", "subject"])["scaled_score"].mean().unstack()
gap = means.loc["W"] - means.loc["H"]
gap.round(1)
#> SELECT least(n(student_id) FILTER (race = 'W'), n(student_id) FILTER (race = 'H')) FROM scored GROUP BY subject ORDER BY subject

# %%
math = data[(data["subject"] == "MATH") & (data["grade_level"] == 8)]
math.groupby("sex")["scaled_score"].describe().round(1)
#> x8 SELECT n(student_id) FROM scored WHERE subject = 'MATH' AND grade_level = 8 GROUP BY sex ORDER BY sex

# %%
sns.barplot(data=math, x="race_ethnicity", y="scaled_score", order=["A", "B", "H", "W"], errorbar=None)
plt.title("Grade 8 mathematics")
plt.show()
#> SELECT n(student_id) FROM scored WHERE subject = 'MATH' AND grade_level = 8 AND race IN ('A', 'B', 'H', 'W') GROUP BY race ORDER BY race

# %%
level = pd.qcut(math["scaled_score"], 4, labels=["lowest", "low", "high", "highest"])
pd.crosstab(math["home_language"], level, margins=True)
#> VIEW quarters AS SELECT *, CASE WHEN scaled_score <= quantile_cont(scaled_score, 0.25) OVER () THEN 1 WHEN scaled_score <= quantile_cont(scaled_score, 0.5) OVER () THEN 2
#>   WHEN scaled_score <= quantile_cont(scaled_score, 0.75) OVER () THEN 3 ELSE 4 END AS quarter FROM scored WHERE subject = 'MATH' AND grade_level = 8
#> GRID+ language | quarter | FROM quarters

# %%
trend = data.pivot_table(values="scaled_score", index="school_year", columns="subject", aggfunc="median")
trend.style.format("{:.0f}")
#> GRID school_year | subject | FROM scored

# %%
print(trend.to_latex(float_format="%.1f"))
#> GRID school_year | subject | FROM scored
