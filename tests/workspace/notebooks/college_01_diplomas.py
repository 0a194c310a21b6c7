# data: sample
# Who earns a diploma? By group and cohort.

# %%
import pandas as pd
import matplotlib.pyplot as plt

# %%
people = pd.read_parquet("/data/demographics.parquet")
one = people.sort_values("school_year").drop_duplicates("sid", keep="last")
cohort = one.dropna(subset=["first_9th_school_year_reported"])
#> VIEW last AS SELECT * FROM (SELECT *, row_number() OVER () AS r FROM demographics) QUALIFY row_number() OVER (PARTITION BY sid ORDER BY school_year DESC, r DESC) = 1
#> VIEW cohort AS SELECT * FROM last WHERE first_9th_school_year_reported IS NOT NULL

# %%
cohort.groupby("first_9th_school_year_reported")["hs_diploma"].mean().round(3)
#> SELECT n(sid) FROM cohort GROUP BY first_9th_school_year_reported ORDER BY first_9th_school_year_reported

# %%
cohort.pivot_table(index="race_ethnicity", columns="male", values="hs_diploma", aggfunc=["mean", "count"]).round(2)
#> SELECT n(sid) FILTER (male = 0), n(sid) FILTER (male = 1), n(sid) FILTER (male = 0), n(sid) FILTER (male = 1) FROM cohort WHERE race_ethnicity IS NOT NULL GROUP BY race_ethnicity ORDER BY race_ethnicity

# %%
kinds = cohort["hs_diploma_type"].value_counts(dropna=False)
kinds
#> SELECT n(sid) FROM cohort GROUP BY hs_diploma_type ORDER BY count(*) DESC

# %%
rates = cohort.groupby("race_ethnicity")["hs_diploma"].mean().sort_values()
ax = rates.plot.barh(color="steelblue")
ax.set_title("Share with a diploma")
plt.show()
#> SELECT n(sid) FROM cohort WHERE race_ethnicity IS NOT NULL GROUP BY race_ethnicity ORDER BY avg(hs_diploma)

# %%
best, worst = rates.max(), rates.min()
print(f"The gap is {100 * (best - worst):.1f} points.")
#> SELECT n(sid) FROM cohort WHERE race_ethnicity IS NOT NULL

# %%
print(cohort.groupby("male")["hs_diploma"].agg(["mean", "size"]).to_csv())
#> x2 SELECT n(sid) FROM cohort GROUP BY male ORDER BY male
