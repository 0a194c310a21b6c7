# data: district
# Figures of matplotlib: bars, lines, histograms, boxes, a pie, an image and several axes.

# %%
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt

# %%
classes = pd.read_parquet("/data/student_classifications.parquet")
tests = pd.read_parquet("/data/student_tests.parquet")
math = tests[tests["subject"] == "MATH"]

# %%
means = math.groupby("grade_level")["scaled_score"].mean()
fig, ax = plt.subplots()
ax.bar(means.index, means.values, width=0.8)
ax.set(title="Mathematics by grade", xlabel="grade", ylabel="scale score")
plt.show()
#> SELECT n(student_id) FROM student_tests WHERE subject = 'MATH' GROUP BY grade_level ORDER BY grade_level

# %%
fig, ax = plt.subplots()
for subject, part in tests.groupby("subject"):
    line = part.groupby("school_year")["scaled_score"].mean()
    ax.plot(line.index, line, label=subject)
ax.legend()
plt.show()
#> SELECT n(student_id) FROM student_tests GROUP BY subject, school_year ORDER BY subject, school_year

# %%
math["scaled_score"].plot.hist(bins=[2000, 2300, 2400, 2500, 2600, 3000])
plt.show()
#> SELECT n(student_id) FROM student_tests WHERE subject = 'MATH' GROUP BY CASE WHEN scaled_score < 2300 THEN 0 WHEN scaled_score < 2400 THEN 1 WHEN scaled_score < 2500 THEN 2 WHEN scaled_score < 2600 THEN 3 ELSE 4 END ORDER BY min(scaled_score)

# %%
grid = classes.pivot_table(index="grade_level", columns="school_year", values="total_days_absent")
plt.imshow(grid)
plt.colorbar()
plt.show()
#> VIEW grid AS SELECT * FROM student_classifications
#> GRID grade_level | school_year | FROM grid

# %%
programmes = classes[["iep", "ell", "gifted"]].mean()
plt.barh(programmes.index, programmes)
plt.show()
#> x3 SELECT n(student_id) FROM student_classifications

# %%
fig, (left, right) = plt.subplots(1, 2)
left.pie(classes["iep"].value_counts(), labels=["no", "yes"])
classes.groupby("school_year")[["iep", "ell"]].mean().plot(ax=right)
plt.show()
#> SELECT n(student_id) FROM student_classifications GROUP BY iep ORDER BY count(*) DESC; x2 SELECT n(student_id) FROM student_classifications GROUP BY school_year ORDER BY school_year
