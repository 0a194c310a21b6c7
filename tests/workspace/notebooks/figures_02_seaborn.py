# data: district
# Figures of seaborn: means, counts, boxes, a heat map and facets by hue.

# %%
import pandas as pd
import seaborn as sns
import matplotlib.pyplot as plt

# %%
tests = pd.read_parquet("/data/student_tests.parquet")
people = pd.read_parquet("/data/student_demographics.parquet", columns=["student_id", "sex", "race_ethnicity", "home_language"])
data = tests.merge(people, on="student_id")
data = data[data["sex"] != "X"]
#> VIEW data AS SELECT t.*, sex, race_ethnicity AS race, home_language FROM student_tests t JOIN student_demographics d ON t.student_id = d.student_id WHERE sex <> 'X'

# %%
sns.barplot(data=data, x="race_ethnicity", y="scaled_score", hue="sex", order=["A", "B", "H", "W"], hue_order=["F", "M"], errorbar=None)
plt.show()
#> SELECT n(student_id) FROM data WHERE race IN ('A', 'B', 'H', 'W') GROUP BY race, sex ORDER BY race, sex

# %%
sns.lineplot(data=data, x="school_year", y="scaled_score", hue="subject", errorbar=None)
plt.show()
#> SELECT n(student_id) FROM data GROUP BY school_year, subject ORDER BY school_year, subject

# %%
sns.heatmap(pd.crosstab(data["grade_level"], data["home_language"]), annot=True, fmt="d")
plt.show()
#> GRID grade_level | home_language | FROM data

# %%
sns.boxplot(data=data, x="home_language", y="scaled_score", order=["Cantonese", "English", "Spanish"], showfliers=False)
plt.show()
#> SELECT n(student_id) FROM data GROUP BY home_language ORDER BY home_language

# %%
sns.pointplot(data=data, x="grade_level", y="scaled_score", estimator="median", errorbar=None)
plt.title("Medians")
plt.show()
#> SELECT n(student_id) FROM data GROUP BY grade_level ORDER BY grade_level

# %%
g = sns.catplot(data=data, x="subject", y="scaled_score", kind="bar", errorbar=None)
plt.show()
#> SELECT n(student_id) FROM data GROUP BY subject ORDER BY subject

# %%
sns.kdeplot(data["scaled_score"])
plt.show()
#> SELECT n(student_id) FROM data
