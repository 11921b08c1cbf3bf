"""One row for each order, of three tables. It works on pandas and on polars."""

from collections.abc import Mapping

import narwhals as nw
from narwhals.typing import IntoDataFrame


def join(tables: Mapping[str, IntoDataFrame]) -> IntoDataFrame:
    """Put to each order what is known of its customer and its article, and in how many sizes it is."""
    orders, customers, articles = (
        nw.from_native(tables[name], eager_only=True) for name in ("orders", "customers", "articles")
    )
    joined = orders.join(customers, on="customer", how="left").join(articles, on="article", how="left")
    return joined.with_columns(
        paid=nw.col("price") * (1 - nw.col("discount")),
        sizes=nw.col("order_id").count().over("basket", "article"),
    ).to_native()
