"""The form: the fields that an analyst fills for each customer, defined in ``data/forms/*.toml``."""

from core.domain.form.form_definition import Field, FieldType, Form, Kind, Nature
from core.domain.form.loading import form_label, form_path, load_named_form
from core.domain.form.raw_values import MODEL_WORDS, PROGRAM_WORDS, means_nothing
from core.domain.form.values import (
    EMPTY_CELL,
    UNSTORABLE,
    FormValues,
    Value,
    cell_text,
    items_of,
    split_list,
    storable,
    text_of,
)

__all__ = [
    "EMPTY_CELL",
    "MODEL_WORDS",
    "PROGRAM_WORDS",
    "UNSTORABLE",
    "Field",
    "FieldType",
    "Form",
    "FormValues",
    "Kind",
    "Nature",
    "Value",
    "cell_text",
    "form_label",
    "form_path",
    "items_of",
    "load_named_form",
    "means_nothing",
    "split_list",
    "storable",
    "text_of",
]
