# data: district
# Panels: fixed effects of students and years.

# %%
import pandas as pd
import statsmodels.api as sm
from linearmodels.panel import PanelOLS
import pyfixest as pf

# %%
classes = pd.read_parquet("/data/student_classifications.parquet")
panel = classes.drop_duplicates(["student_id", "school_year"]).copy()
panel["rate"] = panel["total_days_absent"] / panel["total_days_enrolled"]
#> VIEW panel AS SELECT DISTINCT student_id, school_year FROM student_classifications

# %%
panel.groupby("student_id")["rate"].std().mean()
#> SELECT count(*) FROM (SELECT student_id FROM panel GROUP BY student_id HAVING count(*) > 1)

# %%
indexed = panel.set_index(["student_id", "school_year"])
fe = PanelOLS.from_formula("rate ~ 1 + iep + ell + EntityEffects", data=indexed, drop_absorbed=True).fit()
fe
#> SELECT n(student_id) FROM panel

# %%
fit = pf.feols("rate ~ iep + ell | school_year", data=panel)
fit.tidy().round(4)
#> x12 SELECT n(student_id) FROM panel

# %%
X = sm.add_constant(panel[["iep", "ell", "grade_level"]])
ols = sm.OLS(panel["rate"], X).fit()
ols.params
#> x4 SELECT n(student_id) FROM panel

# %%
print(ols.rsquared.round(3), int(ols.nobs))
#> x2 SELECT n(student_id) FROM panel

# %%
within = panel["rate"] - panel.groupby("school_year")["rate"].transform("mean")
within.groupby(panel["grade_level"]).mean().round(4)
#> VIEW firsts AS SELECT * FROM (SELECT *, row_number() OVER () AS r FROM student_classifications) QUALIFY row_number() OVER (PARTITION BY student_id, school_year ORDER BY r) = 1
#> SELECT n(student_id) FROM firsts GROUP BY grade_level ORDER BY grade_level
