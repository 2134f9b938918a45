"""The form: which fields an analyst fills for each customer. Read from ``data/forms/*.toml``, never coded."""

from core.domain.form.loading import form_path, load_form, load_named_form, parse_form
from core.domain.form.model import Coerced, Field, FieldType, Form, FormValues, Kind, Nature, Value

__all__ = [
    "Coerced",
    "Field",
    "FieldType",
    "Form",
    "FormValues",
    "Kind",
    "Nature",
    "Value",
    "form_path",
    "load_form",
    "load_named_form",
    "parse_form",
]
