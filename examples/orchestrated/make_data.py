"""Write the example's data: the breast cancer rows that scikit-learn bundles, as CSV files.

Most rows are known with their diagnosis. The others are new: the workflow predicts them, and their true
diagnoses arrive later, in a file of their own.
"""

from pathlib import Path
from typing import Any

from sklearn.datasets import load_breast_cancer

KNOWN = 469


def main() -> None:
    folder = Path(__file__).parent / "data"
    folder.mkdir(exist_ok=True)
    bundle: Any = load_breast_cancer(as_frame=True)
    rows = bundle.frame.rename(columns=lambda name: name.replace(" ", "_"))
    rows["diagnosis"] = rows.pop("target").map(dict(enumerate(bundle.target_names)))
    rows.insert(0, "patient_id", range(1, len(rows) + 1))
    rows = rows.sample(frac=1, random_state=0)
    training_rows, new = rows.iloc[:KNOWN], rows.iloc[KNOWN:]
    training_rows.to_csv(folder / "known.csv", index=False)
    new.drop(columns="diagnosis").to_csv(folder / "new.csv", index=False)
    new[["patient_id", "diagnosis"]].to_csv(folder / "truth.csv", index=False)
    print(f"Wrote {len(training_rows)} known and {len(new)} new patients to {folder}.")


if __name__ == "__main__":
    main()
