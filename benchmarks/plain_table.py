"""What people write without lolpop for a table: read, fit on all known rows, predict the new ones, write.

Usage: python plain_table.py FOLDER TARGET classification|regression SEED
"""

import sys
from pathlib import Path

import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

folder, target, kind, seed = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
training_rows, new = pd.read_csv(folder / "known.csv"), pd.read_csv(folder / "new.csv")
features = training_rows.drop(columns=["row", target])
for name in features.select_dtypes(["object", "string", "bool"]):
    kinds = pd.CategoricalDtype(features[name].dropna().unique())
    features[name], new[name] = features[name].astype(kinds), new[name].astype(kinds)
classifies = kind == "classification"
estimator = HistGradientBoostingClassifier if classifies else HistGradientBoostingRegressor
model = estimator(random_state=seed).fit(features, training_rows[target])
asked = new[features.columns]
written = pd.DataFrame({"row": new["row"], "prediction": model.predict(asked)})
if classifies:
    for label, column in zip(model.classes_, model.predict_proba(asked).T, strict=True):
        written[f"probability_{label}"] = column
written.to_csv(folder / "plain.csv", index=False)
