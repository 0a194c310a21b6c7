# data: sample
# Suspension by group: rates, ratios and a model of counts.

# %%
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
import plotly.express as px

# %%
classes = pd.read_parquet("/data/classifications.parquet")
people = pd.read_parquet("/data/demographics.parquet").drop_duplicates("sid")[["sid", "male", "race_ethnicity"]]
data = classes.merge(people, on="sid", how="left")
data["suspended"] = (data["days_suspended_out_of_school"] > 0).astype(int)
#> VIEW data AS SELECT c.*, c.sid AS student_id, male, race_ethnicity AS race FROM classifications c LEFT JOIN
#>   (SELECT * FROM (SELECT *, row_number() OVER () AS r FROM demographics) QUALIFY row_number() OVER (PARTITION BY sid ORDER BY r) = 1) d ON c.sid = d.sid

# %%
rates = data.groupby("race_ethnicity")["suspended"].mean()
(rates / rates["W"]).round(2)
#> SELECT least(c, w) FROM (SELECT race, n(sid) AS c, (SELECT n(sid) FROM data WHERE race = 'W') AS w FROM data WHERE race IS NOT NULL GROUP BY race) ORDER BY race

# %%
data.groupby(["male", "iep"])["suspended"].mean().unstack().round(3)
#> GRID male | iep | FROM data

# %%
model = smf.glm("suspended ~ male + iep + frpl", data=data, family=sm.families.Binomial()).fit()
print(model.summary())
#> SELECT n(sid) FROM data

# %%
model.pvalues.round(4)
#> x5 SELECT n(sid) FROM data

# %%
yearly = data.groupby(["school_year", "male"], as_index=False)["days_suspended_out_of_school"].mean()
px.line(yearly, x="school_year", y="days_suspended_out_of_school", color="male")
#> SELECT n(sid) FROM data GROUP BY school_year, male ORDER BY school_year, male

# %%
top = data.groupby("grade_level")["days_suspended_out_of_school"].sum().nlargest(3)
top
#> SELECT n(sid) FROM data GROUP BY grade_level ORDER BY sum(days_suspended_out_of_school) DESC LIMIT 3

# %%
data.loc[data["suspended"] == 1, "days_suspended_out_of_school"].agg(["mean", "median"])
#> x2 SELECT n(sid) FROM data WHERE days_suspended_out_of_school > 0
