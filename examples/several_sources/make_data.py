"""Write the data of the example of several sources: orders of a shop, its customers and its articles.

They are drawn at random from one seed. Whether an order comes back depends on columns of all three tables: on
how long a customer has been one, on how an article fits, and on whether it was ordered in several sizes.
"""

from pathlib import Path

import numpy as np
import pandas as pd

SEED = 2025
CUSTOMERS, ARTICLES, BASKETS = 600, 80, 2_600
NEW = 500

SIZES = ["S", "M", "L", "XL"]
KINDS = {"shoes": 89.0, "trousers": 59.0, "shirt": 35.0, "scarf": 19.0}
RETURNED = {"shoes": 0.5, "trousers": 0.4, "shirt": 0.0, "scarf": -1.5}


def main() -> None:
    folder = Path(__file__).parent / "data"
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(SEED)
    customers, articles = make_customers(random), make_articles(random)
    orders = make_orders(random, customers, articles)
    # Orders of one basket stay together, as they do in a shop.
    start = orders.index[orders["basket"] == orders["basket"].iloc[-NEW]][0]
    training_rows, new = orders.iloc[:start], orders.iloc[start:]
    tables = {
        "customers": customers,
        "articles": articles,
        "orders": training_rows,
        "new_orders": new.drop(columns="returned"),
        "truth": new[["order_id", "returned"]],
    }
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    print(f"Wrote {len(training_rows)} known and {len(new)} new orders, customers and articles to {folder}.")


def make_customers(random: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer": [f"C{number:04}" for number in range(CUSTOMERS)],
            "since": 2026 - np.minimum(random.exponential(4, CUSTOMERS), 20).astype(int),
            "country": random.choice(["DE", "AT", "CH"], CUSTOMERS, p=[0.7, 0.2, 0.1]),
        }
    )


def make_articles(random: np.random.Generator) -> pd.DataFrame:
    kind = random.choice(list(KINDS), ARTICLES, p=[0.3, 0.25, 0.3, 0.15])
    return pd.DataFrame(
        {
            "article": [f"A{number:03}" for number in range(ARTICLES)],
            "kind": kind,
            "price": ([KINDS[name] for name in kind] * random.lognormal(0, 0.3, ARTICLES)).round(2),
            "fits": random.choice(["small", "as usual", "large"], ARTICLES, p=[0.2, 0.65, 0.15]),
        }
    )


def make_orders(random: np.random.Generator, customers: pd.DataFrame, articles: pd.DataFrame) -> pd.DataFrame:
    """One row for each size of each article in a basket; a third of all baskets hold one in two sizes."""
    sizes = 1 + (random.random(BASKETS) < 0.3)
    baskets = pd.DataFrame(
        {
            "basket": [f"B{number:05}" for number in range(BASKETS)],
            "customer": random.choice(customers["customer"], BASKETS),
            "article": random.choice(articles["article"], BASKETS),
            "discount": random.choice([0.0, 0.1, 0.25], BASKETS, p=[0.6, 0.25, 0.15]),
            "delivery_hours": random.gamma(3, 20, BASKETS).round(),
        }
    )
    orders = baskets.loc[baskets.index.repeat(sizes)].reset_index(drop=True)
    smallest = random.integers(0, len(SIZES) - 1, BASKETS)[baskets.index.repeat(sizes)]
    orders["size"] = np.array(SIZES)[smallest + orders["basket"].duplicated()]
    whole = orders.merge(customers, on="customer", how="left").merge(articles, on="article", how="left")
    odds = (
        -2.3
        + whole["kind"].map(RETURNED)
        + 1.2 * (whole["fits"] != "as usual")
        + 2.2 * orders["basket"].duplicated(keep=False)
        - 0.08 * (2026 - whole["since"])
        - 2.0 * whole["discount"]
        + 0.008 * whole["delivery_hours"]
    )
    returned = np.where(random.random(len(orders)) < 1 / (1 + np.exp(-odds)), "yes", "no")
    numbers = pd.Series([f"O{number:05}" for number in range(len(orders))], name="order_id")
    return pd.concat([numbers, orders], axis=1).assign(returned=returned)


if __name__ == "__main__":
    main()
