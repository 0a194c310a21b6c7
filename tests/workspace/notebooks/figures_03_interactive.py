# data: district
# Figures that move: plotly and altair over aggregates.

# %%
import pandas as pd
import plotly.express as px
import plotly.graph_objects as go
import altair as alt

# %%
classes = pd.read_parquet("/data/student_classifications.parquet")
classes["rate"] = classes["total_days_absent"] / classes["total_days_enrolled"]
agg = classes.groupby(["school_year", "grade_level"], as_index=False)["rate"].mean()
#> VIEW grid AS SELECT * FROM student_classifications

# %%
px.line(agg[agg["grade_level"].isin([6, 9])], x="school_year", y="rate", color="grade_level")
#> SELECT n(student_id) FROM grid WHERE grade_level IN (6, 9) GROUP BY school_year, grade_level ORDER BY school_year, grade_level

# %%
px.imshow(agg.pivot(index="grade_level", columns="school_year", values="rate"))
#> GRID grade_level | school_year | FROM grid

# %%
alt.Chart(agg).mark_rect().encode(x="school_year:O", y="grade_level:O", color="rate:Q")
#> SELECT n(student_id) FROM grid GROUP BY school_year, grade_level ORDER BY school_year, grade_level

# %%
counts = classes["grade_level"].value_counts().sort_index()
px.bar(counts, title="Records by grade")
#> SELECT n(student_id) FROM grid GROUP BY grade_level ORDER BY grade_level

# %%
by_iep = classes.groupby("iep")["rate"].mean()
go.Figure(go.Bar(x=by_iep.index, y=by_iep))
#> SELECT n(student_id) FROM grid GROUP BY iep ORDER BY iep

# %%
shares = classes.groupby("school_year")["ell"].mean().reset_index(name="share")
base = alt.Chart(shares).encode(x="school_year:O", y="share:Q")
base.mark_bar() + base.mark_text(dy=-5)
#> SELECT n(student_id) FROM grid GROUP BY school_year ORDER BY school_year
