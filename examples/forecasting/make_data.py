"""Write the data of the forecasting example: carbon dioxide in the air over Mauna Loa, month by month.

The weekly measurements come with statsmodels, which is needed for nothing else here. The last year is held
back: it is to be forecast, and arrives later, in a file of its own.
"""

from pathlib import Path
from typing import Any

from statsmodels.datasets import co2

HELD_BACK = 12


def main() -> None:
    folder = Path(__file__).parent / "data"
    folder.mkdir(exist_ok=True)
    weeks: Any = co2.load_pandas().data
    months = weeks["co2"].resample("MS").mean().round(2).rename_axis("month").reset_index()
    history, later = months[:-HELD_BACK], months[-HELD_BACK:]
    history.to_csv(folder / "known.csv", index=False)
    later.to_csv(folder / "truth.csv", index=False)
    print(f"Wrote {len(history)} known months and {len(later)} later ones to {folder}.")


if __name__ == "__main__":
    main()
