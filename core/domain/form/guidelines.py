"""The first guidelines of a form, in a file beside it: ``data/forms/<form>.guidelines.toml``, keys as in the form."""

from core.domain.form.form_definition import Form
from core.domain.form.loading import form_path
from core.domain.form.toml_file import line_of_key, parse_tables, read_source
from core.errors import FormError


def read_guidelines(form_name: str) -> dict[str, str]:
    """The shipped guideline per field; empty if there is no file. Keys are not compared with the form.

    Raises:
        FormError: the file cannot be read; names the line.
    """
    path = form_path(form_name).with_suffix(".guidelines.toml")
    if not path.is_file():
        return {}
    return {key: str(text).strip() for key, text in parse_tables(read_source(path), path.name).items()}


def check_guidelines(form: Form) -> None:
    """Raise an error where a form's guidelines name a field that it does not have.

    Raises:
        FormError: the file cannot be read, or names a field that is not there; says the line.
    """
    path = form_path(form.name).with_suffix(".guidelines.toml")
    for key in read_guidelines(form.name):
        if key not in form:
            line = line_of_key(read_source(path), key)
            raise FormError(
                f"标注规范文件 {path.name} 第 {line} 行：表单「{form.title}」没有字段「{key}」", "请改成表单里的 key"
            )
