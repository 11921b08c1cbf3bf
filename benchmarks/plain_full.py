"""What careful people write without lolpop: the plain script, with the checks and pictures around it.

The same libraries for the same steps as all default steps of a run: data is checked, described and compared,
the model is measured beside a baseline and with an interval, explained, drawn, and looked at in segments.

Usage: python plain_full.py FOLDER
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import skops.io
from matplotlib.figure import Figure
from scipy import stats
from sklearn.calibration import CalibrationDisplay
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.inspection import permutation_importance
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    RocCurveDisplay,
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
    roc_auc_score,
)
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.tree import DecisionTreeClassifier

SEED = 7
folder = Path(sys.argv[1])
figures = folder / "figures"
figures.mkdir(exist_ok=True)
random = np.random.default_rng(SEED)


# --- The rows: what is wrong with them, what is in them ---------------------------------------------------

rows = pd.read_csv(folder / "known.csv")
labelled = rows.drop(columns="id")
features, label = rows.drop(columns=["id", "label"]), rows["label"]
sample = rows.sample(min(len(rows), 10_000), random_state=SEED)
checks = {
    "missing": rows.isna().mean().to_dict(),
    "duplicate_rows": int(rows.duplicated().sum()),
    "duplicate_index": int(rows["id"].duplicated().sum()),
    "constant": [name for name in features if features[name].nunique() < 2],
    "near_constant": {name: float(features[name].value_counts(normalize=True).iloc[0]) for name in features},
    "infinite": {name: int(np.isinf(features[name]).sum()) for name in features},
    "classes": label.value_counts(normalize=True).to_dict(),
    "conflicts": int(
        features.duplicated(keep=False).sum() - rows.drop(columns="id").duplicated(keep=False).sum()
    ),
    "outliers": {
        name: int((np.abs(features[name] - features[name].median()) > 20 * features[name].std()).sum())
        for name in features
    },
    "leakage": {
        name: float(
            cross_val_score(DecisionTreeClassifier(max_depth=3), sample[[name]], sample["label"], cv=3).mean()
        )
        for name in features
    },
}
profile = {
    "describe": rows.describe().to_dict(),
    "top": {name: rows[name].value_counts().head(10).to_dict() for name in rows},
    "histograms": {name: np.histogram(features[name], bins=20)[0].tolist() for name in features},
    "correlations": features.corr().to_numpy().round(4).tolist(),
}
(folder / "checks.json").write_text(json.dumps(checks, default=str))
(folder / "profile.json").write_text(json.dumps(profile, default=str))
rows.to_feather(folder / "rows.feather")  # what was trained on is kept


# --- The model: what it is worth --------------------------------------------------------------------------

train, test, train_label, test_label = train_test_split(
    features, label, test_size=0.2, random_state=SEED, stratify=label
)
model = HistGradientBoostingClassifier(random_state=SEED).fit(train, train_label)


def measure(part: pd.DataFrame, truth: pd.Series) -> dict[str, float]:
    probabilities = model.predict_proba(part)
    labels = model.classes_[probabilities.argmax(axis=1)]
    return {
        "accuracy": accuracy_score(truth, labels),
        "balanced_accuracy": balanced_accuracy_score(truth, labels),
        "f1": f1_score(truth, labels),
        "precision": precision_score(truth, labels),
        "recall": recall_score(truth, labels),
        "roc_auc": roc_auc_score(truth, probabilities[:, 1]),
        "log_loss": log_loss(truth, probabilities),
    }


metrics = {"train": measure(train, train_label), "test": measure(test, test_label)}
test_probabilities = model.predict_proba(test)
baseline = DummyClassifier(strategy="prior").fit(train, train_label).predict_proba(test)
true = test_label.to_numpy().astype(int)
at = np.arange(len(true))
gain = np.log(np.clip(test_probabilities[at, true], 1e-15, 1)) - np.log(np.clip(baseline[at, true], 1e-15, 1))
drawn = gain if len(gain) <= 10_000 else random.choice(gain, 10_000)
means = [random.choice(drawn, len(drawn)).mean() for _ in range(1_000)]
metrics["gain_over_baseline"] = dict(zip(("low", "high"), np.quantile(means, [0.025, 0.975]), strict=True))

looked_at = random.permutation(len(test))[:500]
importance = permutation_importance(
    model,
    test.iloc[looked_at],
    test_label.iloc[looked_at],
    scoring="neg_log_loss",
    n_repeats=3,
    random_state=SEED,
)
wrong = model.classes_[test_probabilities.argmax(axis=1)] != test_label
segments = {
    name: wrong.groupby(pd.qcut(test[name], 10, duplicates="drop"), observed=True).agg(["mean", "size"])
    for name in test
}
metrics["weakest"] = {name: float(segment["mean"].max()) for name, segment in segments.items()}

for name, draw in {
    "confusion_matrix": lambda axes: ConfusionMatrixDisplay.from_predictions(
        test_label, model.classes_[test_probabilities.argmax(axis=1)], ax=axes
    ),
    "roc": lambda axes: RocCurveDisplay.from_predictions(test_label, test_probabilities[:, 1], ax=axes),
    "calibration": lambda axes: CalibrationDisplay.from_predictions(
        test_label, test_probabilities[:, 1], n_bins=10, strategy="quantile", ax=axes
    ),
    "importance": lambda axes: axes.barh(test.columns, importance.importances_mean),
}.items():
    figure = Figure(figsize=(6.4, 4.8))
    draw(figure.subplots())
    figure.savefig(figures / f"{name}.png", dpi=100)
(folder / "metrics.json").write_text(json.dumps(metrics, default=float))
model.fit(features, label)  # what is used knows all rows
skops.io.dump(model, folder / "model.skops")
skops.io.load(folder / "model.skops", trusted=skops.io.get_untrusted_types(file=folder / "model.skops"))


# --- The new rows: whether they are like those, and what they are ----------------------------------------

new = pd.read_csv(folder / "new.csv")
unexpected = {
    "missing_columns": sorted(set(features) - set(new)),
    "types": [name for name in features if features[name].dtype.kind != new[name].dtype.kind],
    "out_of_range": {
        name: int((~new[name].between(features[name].min(), features[name].max())).sum()) for name in features
    },
    "missing": {name: float(new[name].isna().mean() - features[name].isna().mean()) for name in features},
    "duplicate_index": int(new["id"].duplicated().sum()),
}
(folder / "unexpected.json").write_text(json.dumps(unexpected))
drift = {name: stats.ks_2samp(features[name], new[name]).pvalue for name in features}
corrected = stats.false_discovery_control(list(drift.values()))
(folder / "drift.json").write_text(json.dumps(dict(zip(drift, corrected, strict=True)), default=float))
probabilities = model.predict_proba(new.drop(columns="id"))
written = pd.DataFrame({"id": new["id"], "prediction": model.classes_[probabilities.argmax(axis=1)]})
for name, column in zip(model.classes_, probabilities.T, strict=True):
    written[f"probability_{name}"] = column
if written.isna().to_numpy().any():
    sys.exit("predictions are missing")
written.to_csv(folder / "plain.csv", index=False)
