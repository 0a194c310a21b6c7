# data: sample
# Absence in the sample district, with its dirt: more days absent than enrolled, two rows a year.

# %%
import numpy as np
import pandas as pd
import seaborn as sns
import matplotlib.pyplot as plt

# %%
raw = pd.read_parquet("/data/classifications.parquet")
impossible = raw["total_days_absent"] > raw["total_days_enrolled"]
print("Impossible records:", impossible.sum())
#> SELECT n(sid) FROM classifications

# %%
clean = raw[~impossible].copy()
clean["rate"] = clean["total_days_absent"] / clean["total_days_enrolled"]
clean["rate"].describe()
#> VIEW clean AS SELECT *, total_days_absent / total_days_enrolled AS rate FROM classifications WHERE total_days_absent <= total_days_enrolled
#> x8 SELECT n(sid) FROM clean

# %%
clean.groupby(["school_year", "frpl"])["rate"].mean().unstack().round(3)
#> VIEW lunch AS SELECT sid AS student_id, school_year, frpl, grade_level, ell, iep FROM clean
#> GRID school_year | frpl | FROM lunch

# %%
counts = pd.crosstab([clean["iep"], clean["ell"]], clean["frpl"])
counts
#> GRID (iep, ell) | frpl | FROM lunch

# %%
sns.heatmap(clean.pivot_table(index="grade_level", columns="school_year", values="rate"), annot=False)
plt.title("Absence")
plt.show()
#> GRID grade_level | school_year | FROM lunch

# %%
sns.boxplot(data=clean, x="frpl", y="rate", order=["F", "N", "R"])
plt.show()
#> SELECT n(sid) FROM clean WHERE frpl IN ('F', 'N', 'R') GROUP BY frpl ORDER BY frpl

# %%
quint = pd.qcut(clean["rate"].rank(method="first"), 5, labels=False)
clean.groupby(quint)["days_suspended_out_of_school"].mean().round(2).sum() > 0

# %%
np.round(clean.groupby("grade_level")["rate"].std(), 3)
#> SELECT n(sid) FROM clean GROUP BY grade_level ORDER BY grade_level
