# data: district
# Early warning with trees and a forest: what the model keeps of the students.

# %%
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.model_selection import train_test_split

# %%
classes = pd.read_parquet("/data/student_classifications.parquet")
people = pd.read_parquet("/data/student_demographics.parquet")
high = classes[classes["grade_level"].between(9, 12)].merge(
    people[["student_id", "sex", "hs_diploma", "home_language"]], on="student_id"
)
high["absent"] = high["total_days_absent"] / high["total_days_enrolled"]
#> VIEW high AS SELECT c.*, sex, hs_diploma, home_language FROM student_classifications c JOIN student_demographics d ON c.student_id = d.student_id WHERE grade_level BETWEEN 9 AND 12

# %%
high.groupby("hs_diploma")[["absent", "days_suspended_out_of_school"]].mean().round(3)
#> x2 SELECT n(student_id) FROM high GROUP BY hs_diploma ORDER BY hs_diploma

# %%
per_student = high.groupby("student_id").agg(
    absent=("absent", "mean"),
    diploma=("hs_diploma", "max"),
    iep=("iep", "max"),
    years=("school_year", "nunique"),
)
per_student[["absent", "iep", "years"]].mean()
#> x3 SELECT n(student_id) FROM high

# %%
tree = DecisionTreeClassifier(max_depth=3, min_samples_leaf=25, random_state=0).fit(
    per_student[["absent", "iep", "years"]], per_student["diploma"]
)
tree
#> SELECT n(student_id) FROM high

# %%
forest = RandomForestClassifier(n_estimators=30, min_samples_leaf=10, random_state=0).fit(
    per_student[["absent", "iep", "years"]], per_student["diploma"]
)
pd.DataFrame({"importance": forest.feature_importances_}, index=["absent", "iep", "years"]).round(2)
#> x3 SELECT n(student_id) FROM high

# %%
print("accuracy {:.2f}".format(tree.score(per_student[["absent", "iep", "years"]], per_student["diploma"])))
#> SELECT n(student_id) FROM high

# %%
pd.crosstab(high["home_language"], high["hs_diploma"], values=high["absent"], aggfunc="mean").round(3)
#> GRID home_language | hs_diploma | FROM high

# %%
high["hs_diploma"].value_counts(normalize=True).round(2)
#> SELECT n(student_id) FROM high GROUP BY hs_diploma ORDER BY count(*) DESC
