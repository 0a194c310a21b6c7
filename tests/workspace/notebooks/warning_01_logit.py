# data: district
# Early warning: who will be chronically absent next year? A model of scikit-learn and how good it is.

# %%
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, roc_auc_score
from sklearn.model_selection import train_test_split
import matplotlib.pyplot as plt

# %%
classes = pd.read_parquet("/data/student_classifications.parquet").drop_duplicates(
    ["student_id", "school_year"]
)
classes["rate"] = classes["total_days_absent"] / classes["total_days_enrolled"]
nextyear = (
    classes[["student_id", "school_year", "rate"]]
    .assign(school_year=lambda d: d["school_year"] - 1)
    .rename(columns={"rate": "next_rate"})
)
data = classes.merge(nextyear, on=["student_id", "school_year"])
data["at_risk"] = (data["next_rate"] >= 0.1).astype(int)
#> VIEW one AS SELECT DISTINCT student_id, school_year FROM student_classifications
#> VIEW pairs AS SELECT a.student_id, a.school_year FROM one a JOIN one b ON a.student_id = b.student_id AND a.school_year = b.school_year - 1

# %%
data.groupby("school_year")["at_risk"].mean().map("{:.1%}".format)
#> SELECT n(student_id) FROM pairs GROUP BY school_year ORDER BY school_year

# %%
features = ["rate", "grade_level", "iep", "ell", "days_suspended_out_of_school"]
train = data[data["school_year"] <= 2021]
test = data[data["school_year"] > 2021]
model = LogisticRegression(max_iter=2000).fit(train[features], train["at_risk"])
pd.Series(model.coef_[0], index=features).round(3)
#> x5 SELECT n(student_id) FROM pairs WHERE school_year <= 2021

# %%
test = test.assign(score=model.predict_proba(test[features])[:, 1])
print("AUC", round(roc_auc_score(test["at_risk"], test["score"]), 3))
#> SELECT n(student_id) FROM pairs WHERE school_year > 2021

# %%
test["flag"] = test["score"] > 0.3
pd.crosstab(test["at_risk"], test["flag"]).sum(axis=1)
#> VIEW late AS SELECT DISTINCT ON (student_id, school_year) student_id, school_year, total_days_absent / total_days_enrolled AS rate FROM (SELECT *, row_number() OVER () AS r FROM student_classifications) ORDER BY r
#> SELECT n(a.student_id) FROM late a JOIN late b ON a.student_id = b.student_id AND a.school_year = b.school_year - 1 WHERE a.school_year > 2021 GROUP BY b.rate >= 0.1 ORDER BY b.rate >= 0.1

# %%
decile = pd.qcut(test["score"], 10, labels=False, duplicates="drop")
lift = test.groupby(decile)["at_risk"].mean()
print(lift.mean().round(3) > 0)
lift.index.size == decile.nunique()

# %%
model.score(test[features], test["at_risk"])
#> SELECT n(student_id) FROM pairs WHERE school_year > 2021

# %%
confusion_matrix(test["at_risk"], test["flag"]).sum()
#> SELECT n(student_id) FROM pairs WHERE school_year > 2021
