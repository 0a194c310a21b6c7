# data: district
# Regression discontinuity: does a score just below a cutoff change next year's absence?

# %%
import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
import matplotlib.pyplot as plt

# %%
CUTOFF, WIDTH = 2450, 100
tests = pd.read_parquet("/data/student_tests.parquet", filters=[("subject", "==", "MATH")])
classes = pd.read_parquet(
    "/data/student_classifications.parquet", columns=["student_id", "school_year", "total_days_absent"]
)
nextyear = classes.groupby(["student_id", "school_year"], as_index=False)["total_days_absent"].max()
nextyear["school_year"] -= 1
data = tests.merge(nextyear, on=["student_id", "school_year"])
data["running"] = data["scaled_score"] - CUTOFF
data["below"] = (data["running"] < 0).astype(int)
near = data[data["running"].abs() <= WIDTH]
#> VIEW near AS SELECT t.student_id, scaled_score - 2450 AS running, scaled_score < 2450 AS below FROM student_tests t
#>   JOIN (SELECT DISTINCT student_id, school_year - 1 AS school_year FROM student_classifications) c ON t.student_id = c.student_id AND t.school_year = c.school_year
#>   WHERE subject = 'MATH' AND abs(scaled_score - 2450) <= 100

# %%
near.groupby("below")["total_days_absent"].agg(["mean", "std", "count"]).round(2)
#> x3 SELECT n(student_id) FROM near GROUP BY below ORDER BY below

# %%
fit = smf.ols("total_days_absent ~ below * running", data=near).fit(cov_type="HC1")
print(f"Jump at the cutoff: {fit.params['below']:.2f} (se {fit.bse['below']:.2f}), n = {int(fit.nobs)}")
#> x3 SELECT n(student_id) FROM near

# %%
bins = pd.cut(near["running"], np.arange(-100, 101, 20), include_lowest=True)
binned = near.groupby(bins, observed=True)["total_days_absent"].mean()
middles = [b.mid for b in binned.index]
plt.plot(middles, binned.values, "o")
plt.axvline(0, linestyle="--")
plt.show()
#> SELECT n(student_id) FROM near GROUP BY greatest(ceil((running + 100) / 20), 1) ORDER BY greatest(ceil((running + 100) / 20), 1)

# %%
density = near["running"].floordiv(20).value_counts().sort_index()
density
#> SELECT n(student_id) FROM near GROUP BY floor(running / 20) ORDER BY floor(running / 20)

# %%
rows = []
for width in (25, 50, 75, 100):
    part = data[data["running"].abs() <= width]
    model = smf.ols("total_days_absent ~ below * running", data=part).fit()
    print(f"width {width}: {model.params['below']:.2f}")
#> SELECT n(student_id) FILTER (abs(running) <= 25), n(student_id) FILTER (abs(running) <= 50), n(student_id) FILTER (abs(running) <= 75), n(student_id) FROM near

# %%
fit.conf_int().round(2)
#> x8 SELECT n(student_id) FROM near
