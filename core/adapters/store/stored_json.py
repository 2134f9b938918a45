"""Values of JSON columns as the text that is stored, for rows that are made ready before they are inserted."""

import json
from typing import Any, Final

from sqlalchemy.types import UserDefinedType

dump_json: Final = json.JSONEncoder(ensure_ascii=False).encode
"""Write a value as every JSON column of the store holds it."""


class JsonText(UserDefinedType[Any]):
    """Type of a value for a JSON column that is its text already (:data:`dump_json`), and is bound as it is."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """What the column's type is called in both databases."""
        return "JSON"
