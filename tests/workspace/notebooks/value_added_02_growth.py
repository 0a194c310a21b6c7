# data: district
# Growth: change in scores from year to year, and growth percentiles in bands.

# %%
import pandas as pd
import seaborn as sns
import matplotlib.pyplot as plt

# %%
tests = pd.read_parquet("/data/student_tests.parquet")
ela = tests.query("subject == 'ELA'").sort_values(["student_id", "school_year"]).copy()
ela["previous"] = ela.groupby("student_id")["scaled_score"].shift()
ela["growth"] = ela["scaled_score"] - ela["previous"]
growth = ela.dropna(subset=["growth"])
#> VIEW ela AS SELECT student_id, school_year, grade_level FROM student_tests WHERE subject = 'ELA'
#> VIEW counted AS SELECT student_id FROM ela GROUP BY student_id HAVING count(*) > 1

# %%
print("Mean growth", growth["growth"].mean().round(2))
#> SELECT n(student_id) FROM counted

# %%
growth["growth"].quantile([0.1, 0.25, 0.5, 0.75, 0.9])
#> x5 SELECT n(student_id) FROM counted

# %%
firsts = ela.groupby("student_id").size()
firsts.value_counts().sort_index()
#> SELECT count(*) FROM (SELECT student_id, count(*) AS c FROM ela GROUP BY student_id) GROUP BY c ORDER BY c

# %%
sns.histplot(data=growth, x="growth", bins=[-800, -100, -50, 0, 50, 100, 800])
plt.xlabel("growth in scale points")
#> VIEW grown AS SELECT student_id, school_year, grade_level, scaled_score - lag(scaled_score) OVER (PARTITION BY student_id ORDER BY school_year) AS growth
#>   FROM (SELECT *, row_number() OVER () AS r FROM student_tests WHERE subject = 'ELA') QUALIFY growth IS NOT NULL
#> SELECT n(student_id) FILTER (growth < -100), n(student_id) FILTER (growth >= -100 AND growth < -50), n(student_id) FILTER (growth >= -50 AND growth < 0),
#>   n(student_id) FILTER (growth >= 0 AND growth < 50), n(student_id) FILTER (growth >= 50 AND growth < 100), n(student_id) FILTER (growth >= 100) FROM grown

# %%
growth.groupby("grade_level")["growth"].median()
#> SELECT n(student_id) FROM grown GROUP BY grade_level ORDER BY grade_level

# %%
sns.lineplot(data=growth, x="school_year", y="growth", errorbar=None)
plt.show()
#> SELECT n(student_id) FROM grown GROUP BY school_year ORDER BY school_year

# %%
by_year = growth.groupby("school_year")["growth"].agg(lambda s: (s > 0).mean())
by_year
#> SELECT n(student_id) FROM grown GROUP BY school_year ORDER BY school_year
