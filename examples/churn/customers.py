"""What the columns of a customer say besides their values. It works on pandas and on polars."""

import narwhals as nw


@nw.narwhalify
def describe(customers: nw.DataFrame) -> nw.DataFrame:
    """Add what the last message is about: free text itself is nothing that a table's model learns from."""
    message = nw.col("last_message").fill_null("")
    return customers.with_columns(
        has_written=~nw.col("last_message").is_null(),
        about_price=message.str.contains("expensive|price|bill"),
        about_network=message.str.contains("reception|network|signal"),
    )
