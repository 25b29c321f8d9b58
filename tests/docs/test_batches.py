"""docs/batches.md has every column of the manifest."""

import re

from facecraft.folders.manifest import COLUMNS
from tests.docs.documents import page, table


def test_the_columns_are_there_in_the_order_of_the_csv() -> None:
    rows = table(page("batches.md"), "column")
    shown = [
        name for names, content in rows if "in the JSON" not in content for name in re.findall(r"\w+", names)
    ]
    assert shown == list(COLUMNS)
