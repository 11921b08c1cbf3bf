"""Write the data of the churn example: customers of a telephone company, drawn at random from one seed.

They are what real tables are: text, categories, dates, booleans, numbers, and values that are missing, some
of them for a reason. Who leaves depends on several columns at once, and on luck.
"""

from pathlib import Path

import numpy as np
import pandas as pd

SEED = 2024
KNOWN, NEW = 2_400, 600
TODAY = pd.Timestamp("2026-01-01")

PLANS = {"basic": 19.0, "standard": 34.0, "premium": 59.0}
MESSAGES = {
    "price": "The {plan} plan has become too expensive, bill {number} is higher again",
    "network": "No reception at home for {number} days now, please send a technician",
    "praise": "Thanks, ticket {number} was solved within the hour",
    "question": "How do I move my number {number} to a new phone?",
}


def main() -> None:
    folder = Path(__file__).parent / "data"
    folder.mkdir(exist_ok=True)
    customers = make_customers(KNOWN + NEW)
    training_rows, new = customers.iloc[:KNOWN], customers.iloc[KNOWN:]
    training_rows.to_csv(folder / "known.csv", index=False)
    new.drop(columns="churned").to_csv(folder / "new.csv", index=False)
    new[["customer_id", "churned"]].to_csv(folder / "truth.csv", index=False)
    print(f"Wrote {len(training_rows)} known and {len(new)} new customers to {folder}.")


def make_customers(rows: int) -> pd.DataFrame:
    random = np.random.default_rng(SEED)
    plan = random.choice(list(PLANS), rows, p=[0.5, 0.35, 0.15])
    months = np.minimum(random.gamma(1.5, 18, rows), 120).round().astype(int)
    calls = random.poisson(1.2, rows)
    contract = random.choice(["monthly", "yearly"], rows, p=[0.6, 0.4])
    topic = random.choice(list(MESSAGES), rows, p=[0.2, 0.15, 0.25, 0.4])
    silent = random.random(rows) < 0.3
    has_app = random.random(rows) < 0.55
    data_used = random.gamma(2.0, 4.0, rows).round(1)
    days_away = random.exponential(12, rows).round()
    odds = (
        -3.4
        + 2.0 * (contract == "monthly")
        - 0.04 * months
        + 0.6 * calls
        + 2.5 * (~silent & (topic == "price"))
        + 2.0 * (~silent & (topic == "network"))
        - 1.0 * has_app
        + 0.06 * days_away
    )
    customers = pd.DataFrame(
        {
            "customer_id": [f"C{number:05}" for number in random.permutation(rows)],
            "signed_up": (TODAY - pd.to_timedelta(months * 30, unit="D")).strftime("%Y-%m-%d"),
            "plan": plan,
            "contract": contract,
            "country": random.choice(["DE", "FR", "IT", "ES", "PL"], rows, p=[0.3, 0.25, 0.2, 0.15, 0.1]),
            "payment": random.choice(["card", "debit", "invoice"], rows, p=[0.5, 0.35, 0.15]),
            "monthly_fee": ([PLANS[name] for name in plan] + random.normal(0, 3, rows)).round(2),
            "data_used_gb": data_used,
            "support_calls": calls,
            "has_app": has_app,
            "last_seen": (TODAY - pd.to_timedelta(days_away, unit="D")).strftime("%Y-%m-%d"),
            "last_message": [
                MESSAGES[key].format(plan=name, number=number)
                for key, name, number in zip(topic, plan, random.integers(2, 9_999, rows), strict=True)
            ],
            "churned": np.where(random.random(rows) < 1 / (1 + np.exp(-odds)), "yes", "no"),
        }
    )
    # Whoever never wrote has no message, and whoever has no app is measured less often.
    customers.loc[silent, "last_message"] = None
    customers.loc[~has_app & (random.random(rows) < 0.3), "data_used_gb"] = None
    customers.loc[random.random(rows) < 0.05, "payment"] = None
    return customers


if __name__ == "__main__":
    main()
