# data: sample
# Distributions: histograms, bands and cumulative shares.

# %%
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
import seaborn as sns
import altair as alt

# %%
classes = pd.read_parquet("/data/classifications.parquet")
ninth = classes[classes["grade_level"] == 9]
#> VIEW ninth AS SELECT * FROM classifications WHERE grade_level = 9

# %%
fig, ax = plt.subplots()
ax.hist(ninth["total_days_absent"], bins=[0, 5, 10, 20, 40, 120])
ax.set_xlabel("days absent")
plt.show()
#> SELECT n(sid) FROM ninth GROUP BY CASE WHEN total_days_absent < 5 THEN 0 WHEN total_days_absent < 10 THEN 1 WHEN total_days_absent < 20 THEN 2 WHEN total_days_absent < 40 THEN 3 ELSE 4 END
#>   ORDER BY min(total_days_absent)

# %%
band = pd.cut(ninth["total_days_absent"], bins=[-1, 4, 9, 19, 200], labels=["under 5", "5-9", "10-19", "20 and more"])
table = pd.crosstab(band, ninth["frpl"], normalize="columns")
table.mul(100).round(1)
#> VIEW banded AS SELECT sid AS student_id, frpl, CASE WHEN total_days_absent <= 4 THEN 0 WHEN total_days_absent <= 9 THEN 1 WHEN total_days_absent <= 19 THEN 2 ELSE 3 END AS band FROM ninth
#> GRID band | frpl | FROM banded

# %%
ninth.groupby(band, observed=False)["days_suspended_out_of_school"].agg(["mean", "count"])
#> x2 SELECT n(student_id) FROM banded GROUP BY band ORDER BY band

# %%
mean_by_year = classes.groupby("school_year")["total_days_absent"].mean().reset_index()
alt.Chart(mean_by_year).mark_bar().encode(x="school_year:O", y="total_days_absent")
#> SELECT n(sid) FROM classifications GROUP BY school_year ORDER BY school_year

# %%
share = ninth["frpl"].value_counts()
plt.pie(share, labels=share.index)
plt.show()
#> SELECT n(sid) FROM ninth WHERE frpl IS NOT NULL GROUP BY frpl ORDER BY count(*) DESC

# %%
np.mean(ninth["total_days_absent"])
#> SELECT n(sid) FROM ninth
