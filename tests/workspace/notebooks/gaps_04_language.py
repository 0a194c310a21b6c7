# data: district
# English learners: reclassification, scores and absence by home language.

# %%
import pandas as pd
import seaborn as sns
import matplotlib.pyplot as plt

# %%
classes = pd.read_parquet("/data/student_classifications.parquet")
people = pd.read_parquet("/data/student_demographics.parquet", columns=["student_id", "home_language", "race_ethnicity"])
data = classes.merge(people, how="left", on="student_id")
data["rate"] = data["total_days_absent"] / data["total_days_enrolled"]
#> VIEW data AS SELECT c.*, home_language AS language, race_ethnicity AS race FROM student_classifications c LEFT JOIN student_demographics d ON c.student_id = d.student_id

# %%
data.pivot_table(index="home_language", columns="school_year", values="ell", aggfunc="mean").mul(100).round(0)
#> GRID language | school_year | FROM data

# %%
ever = data.groupby("student_id").agg(ell=("ell", "max"), last=("ell", "last"), language=("home_language", "first"))
ever["reclassified"] = (ever["ell"] == 1) & (ever["last"] == 0)
ever.groupby("language")["reclassified"].agg(["sum", "mean"])
#> x2 SELECT n(student_id) FROM data GROUP BY language ORDER BY language

# %%
small = data.groupby(["home_language", "race_ethnicity"])["student_id"].nunique().unstack(fill_value=0)
small.where(small >= 10)
#> GRID language | race | FROM data

# %%
g = sns.catplot(data=data, x="grade_level", y="rate", col="home_language", kind="bar", errorbar=None, col_order=["Cantonese", "English", "Spanish"])
plt.show()
#> SELECT n(student_id) FROM data GROUP BY language, grade_level ORDER BY language, grade_level

# %%
print(data.loc[data["home_language"] == "Spanish", "rate"].mean())
#> SELECT n(student_id) FROM data WHERE language = 'Spanish'

# %%
gap = data.groupby(["school_year", "ell"])["rate"].mean().unstack().diff(axis=1)[1]
(gap * 100).abs().gt(0).all()
