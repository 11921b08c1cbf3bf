"""Write the data of the regression example: the diabetes patients that scikit-learn bundles, as CSV files.

Ten measurements of 442 patients, and a measure of how far the illness had progressed a year later. For most
it is known; for the others it is to be predicted, and arrives later, in a file of its own.
"""

from pathlib import Path
from typing import Any

from sklearn.datasets import load_diabetes

KNOWN = 342


def main() -> None:
    folder = Path(__file__).parent / "data"
    folder.mkdir(exist_ok=True)
    bundle: Any = load_diabetes(as_frame=True, scaled=False)
    patients = bundle.frame.rename(columns={"target": "progression"})
    patients.insert(0, "patient_id", range(1, len(patients) + 1))
    patients = patients.sample(frac=1, random_state=0)
    training_rows, new = patients.iloc[:KNOWN], patients.iloc[KNOWN:]
    training_rows.to_csv(folder / "known.csv", index=False)
    new.drop(columns="progression").to_csv(folder / "new.csv", index=False)
    new[["patient_id", "progression"]].to_csv(folder / "truth.csv", index=False)
    print(f"Wrote {len(training_rows)} known and {len(new)} new patients to {folder}.")


if __name__ == "__main__":
    main()
