"""Forms that are made in the browser: their versions, one file to carry one along, and where new ones come from."""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.services.forms.form_file import read_form_file, write_form_file
    from core.services.forms.library import (
        KnownForm,
        known_forms,
        resolve_form,
        save_form_version,
        texts_of,
    )

__all__ = [
    "KnownForm",
    "known_forms",
    "read_form_file",
    "resolve_form",
    "save_form_version",
    "texts_of",
    "write_form_file",
]

import_when_used(__name__)
