"""What people write without lolpop: read, split, fit, measure, keep, predict, write.

Usage: python plain_classification.py FOLDER
"""

import sys
from pathlib import Path

import pandas as pd
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split

folder = Path(sys.argv[1])
rows = pd.read_csv(folder / "known.csv")
features = rows.drop(columns=["id", "label"])
train, test, train_label, test_label = train_test_split(
    features, rows["label"], test_size=0.2, random_state=7, stratify=rows["label"]
)
model = HistGradientBoostingClassifier(random_state=7).fit(train, train_label)
probabilities = model.predict_proba(test)
print("accuracy", accuracy_score(test_label, model.classes_[probabilities.argmax(axis=1)]))
print("log_loss", log_loss(test_label, probabilities))
model.fit(features, rows["label"])  # what is used knows all rows
skops.io.dump(model, folder / "model.skops")  # without pickle, as lolpop keeps it

new = pd.read_csv(folder / "new.csv")
probabilities = model.predict_proba(new.drop(columns="id"))
written = pd.DataFrame({"id": new["id"], "prediction": model.classes_[probabilities.argmax(axis=1)]})
for label, column in zip(model.classes_, probabilities.T, strict=True):
    written[f"probability_{label}"] = column
written.to_csv(folder / "plain.csv", index=False)
