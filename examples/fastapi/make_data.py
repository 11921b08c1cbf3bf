"""Write the data of the web application: the wines that scikit-learn bundles, as CSV files.

178 bottles of three wines, and what a chemist found in each. Most are known by name; the others
are to be told apart, and what they were becomes known later, in a file of its own.
"""

from pathlib import Path
from typing import Any

from sklearn.datasets import load_wine

KNOWN = 150


def main() -> None:
    folder = Path(__file__).parent / "data"
    folder.mkdir(exist_ok=True)
    bundle: Any = load_wine(as_frame=True)
    bottles = bundle.frame.rename(columns={"od280/od315_of_diluted_wines": "od280_od315"})
    bottles["wine"] = bottles.pop("target").map({0: "Barolo", 1: "Grignolino", 2: "Barbera"})
    bottles.insert(0, "bottle_id", range(1, len(bottles) + 1))
    bottles = bottles.sample(frac=1, random_state=0)
    training_rows, new = bottles.iloc[:KNOWN], bottles.iloc[KNOWN:]
    training_rows.to_csv(folder / "known.csv", index=False)
    new.drop(columns="wine").to_csv(folder / "new.csv", index=False)
    new[["bottle_id", "wine"]].to_csv(folder / "truth.csv", index=False)
    new.drop(columns="wine").head(1).to_json(folder / "bottle.json", orient="records")
    print(f"Wrote {len(training_rows)} known and {len(new)} new bottles to {folder}.")


if __name__ == "__main__":
    main()
