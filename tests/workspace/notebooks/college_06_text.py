# data: sample
# A report in words: printed tables, f-strings, LaTeX and Markdown.

# %%
import pandas as pd

# %%
people = pd.read_parquet("/data/demographics.parquet").drop_duplicates("sid")
classes = pd.read_parquet("/data/classifications.parquet")
#> VIEW people AS SELECT * FROM (SELECT *, row_number() OVER () AS r FROM demographics) QUALIFY row_number() OVER (PARTITION BY sid ORDER BY r) = 1

# %%
n = people["sid"].nunique()
share = people["male"].mean()
print(f"The sample has {n:,} students; {share:.0%} are boys.")
#> SELECT n(sid) FROM people; SELECT n(sid) FROM people

# %%
print(people["race_ethnicity"].value_counts().to_string())
#> SELECT n(sid) FROM people WHERE race_ethnicity IS NOT NULL GROUP BY race_ethnicity ORDER BY count(*) DESC

# %%
print(people.groupby("male")["hs_diploma"].mean().to_frame("diploma").to_markdown())
#> SELECT n(sid) FROM people GROUP BY male ORDER BY male

# %%
for year, rate in classes.groupby("school_year")["iep"].mean().items():
    print(f"{year}: {rate:.3f}")
#> SELECT n(sid) FROM classifications GROUP BY school_year ORDER BY school_year

# %%
def report(frame, column):
    table = frame.groupby(column)["total_days_absent"].agg(["mean", "std"])
    display(table.round(1))

report(classes, "frpl")
report(classes, "ell")
#> x2 SELECT n(sid) FROM classifications GROUP BY frpl ORDER BY frpl
#> x2 SELECT n(sid) FROM classifications GROUP BY ell ORDER BY ell

# %%
print("Mean days absent: %.1f" % classes["total_days_absent"].mean())
#> SELECT n(sid) FROM classifications
