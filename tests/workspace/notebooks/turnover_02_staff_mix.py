# data: district
# The staff of schools: degrees, experience and their figures in plotly.

# %%
import pandas as pd
import plotly.express as px

# %%
posts = pd.read_parquet("/data/staff_school_year.parquet")
staff = pd.read_parquet("/data/staff.parquet")
data = pd.merge(posts, staff, on="staff_id", how="left")
#> VIEW data AS SELECT p.*, sex, highest_degree FROM staff_school_year p LEFT JOIN staff s ON p.staff_id = s.staff_id

# %%
mix = data.groupby(["school_year", "highest_degree"]).size().reset_index(name="staff")
px.bar(mix, x="school_year", y="staff", color="highest_degree", title="Degrees")
#> SELECT n(staff_id) FROM data GROUP BY school_year, highest_degree ORDER BY school_year, highest_degree

# %%
data.groupby("job_code")["experience"].agg(["mean", "min", "max"]).round(1)
#> x3 SELECT n(staff_id) FROM data GROUP BY job_code ORDER BY job_code

# %%
share = data.groupby("school_year")["highest_degree"].value_counts(normalize=True).unstack()
share.round(2)
#> GRID school_year | highest_degree | FROM data OF staff

# %%
novices = data[data["experience"] <= 2]
counts = novices["school_code"].value_counts().rename_axis("school").reset_index(name="n")
counts["n"].sum()
#> SELECT n(staff_id) FROM data WHERE experience <= 2

# %%
px.line(data.groupby("school_year", as_index=False)["experience"].mean(), x="school_year", y="experience")
#> SELECT n(staff_id) FROM data GROUP BY school_year ORDER BY school_year

# %%
latest = data[data["school_year"] == data["school_year"].max()]
print("Latest year:", latest["experience"].median(), "years in the middle")
#> SELECT n(staff_id) FROM data WHERE school_year = 2024

# %%
ratio = data.groupby("sex")["experience"].mean()
ratio["F"] / ratio["M"]
#> SELECT min(c) FROM (SELECT n(staff_id) AS c FROM data WHERE sex IN ('F', 'M') GROUP BY sex)
