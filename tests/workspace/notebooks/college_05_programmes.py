# data: sample
# Programmes: special education, English learners, gifted; who is in several?

# %%
import pandas as pd
import seaborn as sns
import matplotlib.pyplot as plt

# %%
classes = pd.read_parquet("/data/classifications.parquet")
ever = classes.groupby("sid")[["iep", "ell", "gifted"]].max()
ever["programmes"] = ever.sum(axis=1)
#> VIEW ever AS SELECT sid, max(iep) AS iep, max(ell) AS ell, max(gifted) AS gifted FROM classifications GROUP BY sid

# %%
ever["programmes"].value_counts().sort_index()
#> SELECT n(sid) FROM ever GROUP BY iep + ell + gifted ORDER BY iep + ell + gifted

# %%
ever[["iep", "ell", "gifted"]].mean().mul(100).round(1)
#> x3 SELECT n(sid) FROM ever

# %%
wide = classes.groupby(["school_year", "grade_level"])["gifted"].mean().unstack(level=0)
wide.loc[6:12].round(3)
#> VIEW part AS SELECT *, sid AS student_id FROM classifications WHERE grade_level BETWEEN 6 AND 12
#> GRID grade_level | school_year | FROM part

# %%
longer = wide.reset_index().melt(id_vars="grade_level", var_name="year", value_name="share")
longer.groupby("year")["share"].mean()
#> SELECT n(sid) FROM classifications GROUP BY school_year ORDER BY school_year

# %%
sns.countplot(data=classes[classes["grade_level"] == 9], x="frpl", hue="iep", order=["F", "N", "R"])
plt.show()
#> SELECT n(sid) FROM classifications WHERE grade_level = 9 AND frpl IN ('F', 'N', 'R') GROUP BY frpl, iep ORDER BY frpl, iep

# %%
both = classes[(classes["iep"] == 1) & (classes["ell"] == 1)]
print("Records in both programmes:", len(both))
print("Students:", both["sid"].nunique())
#> SELECT n(sid) FROM classifications WHERE iep = 1 AND ell = 1; SELECT n(sid) FROM classifications WHERE iep = 1 AND ell = 1
