"""Columns of texts as pandas stores them, so that a table comes back from a file as it was."""

from typing import TypeVar

import pandas as pd

Table = TypeVar("Table", bound=pd.DataFrame)


def with_plain_texts(table: Table) -> Table:
    """Return a table whose columns of texts, and of nothing, have the type of texts; other objects stay.

    Parameters
    ----------
    table : pandas.DataFrame
        It is not changed.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.results.texts import with_plain_texts
    >>> table = pd.DataFrame({"a": ["x", None], "b": [None, None], "c": [[1], []]}, dtype="object")
    >>> with_plain_texts(table).dtypes.astype(str).to_dict()
    {'a': 'str', 'b': 'str', 'c': 'object'}
    """
    objects = [key for key in table.columns if table[key].dtype == object]
    texts = [
        key
        for key in objects
        if table[key].map(lambda cell: isinstance(cell, str) or (pd.api.types.is_scalar(cell) and pd.isna(cell))).all()
    ]
    return table.astype(dict.fromkeys(texts, "str"))
