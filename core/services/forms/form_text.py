"""Changes to the text of a form that keep how the rest of it is written, comments included."""

from dataclasses import replace

import tomlkit

from core.domain.form.loading import FormTexts, form_path


def renamed(texts: FormTexts, name: str) -> FormTexts:
    """The same form under another name.

    Raises:
        FormError: the name cannot be used.
    """
    form_path(name)
    document = tomlkit.parse(texts.form)
    document["name"] = name
    return replace(texts, form=tomlkit.dumps(document))
