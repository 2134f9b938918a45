"""The form is a file: nothing in the code knows the keys, labels or groups of the shipped one."""

import re
from pathlib import Path

from core.domain.form import load_named_form

ROOT = Path(__file__).resolve().parents[3]
FORM = load_named_form()
EVERYDAY = {
    "core/domain/chat/name_vocabulary.py": {
        "地区",
        "姓名",
        "年龄",
        "性别",
        "生日",
        "邮箱",
        "参与人",
    },  # no speakers' names
    "core/domain/entities/places.py": {"地区"},  # an administrative division
    "core/services/datasets/message_columns.py": {"姓名"},  # what exporters call a column of senders
    "core/domain/checks/omissions.py": {"生日"},  # what people say before a date of birth
    "core/domain/checks/form_checks.py": {"邮箱"},  # what any field of the kind e-mail holds
    "core/adapters/llm/local/rules.toml": {"生日"},  # what people say before a date of birth
    "core/domain/personal_data/strangers.py": {"姓名", "邮箱"},  # what people write around a name
    "core/services/extraction/pipeline/stages.py": {"姓名"},  # what is left of a customer whose answer cannot be read
    "core/domain/personal_data/mentions_of_people.py": {"姓名", "邮箱"},  # what people write around a name
    "core/domain/personal_data/finders.py": {"邮箱"},  # what is no number of QQ
    "core/domain/personal_data/accounts.py": {"邮箱"},  # what is no number of QQ
    "core/services/learning/chat_features.py": {"邮箱"},  # what people say beside an e-mail address
    "core/cli/export.py": {"手机号码", "邮箱"},  # titles of what can be masked in any form
    "core/ui/mask_picker.py": {"手机号码", "邮箱"},  # titles of what can be masked in any form
    "core/services/extraction/runs/departure.py": {"邮箱"},  # the title of a kind of personal data
    "core/services/forms/kind_guess.py": {
        "地区",
        "姓名",
        "生日",
        "邮箱",
        "参与人",
    },  # what anybody calls a field that holds such a value
    "core/settings.py": {"role_elements"},  # which form new datasets have
}
"""Words that are also everyday Chinese, by the file that needs them whatever the form."""
ANY_FORM = re.compile("未填姓名")
"""What a customer without a name is called in any form."""
READ = {".py", ".toml", ".js", ".css", ".j2", ".html", ".json"}


def test_no_file_of_the_program_names_a_field_of_the_shipped_form() -> None:
    words = {FORM.name, FORM.title, *FORM.groups, *FORM.keys, *(field.label for field in FORM.fields)}
    words |= {part for key in FORM.keys for part in key.split("-")} - {FORM.title}
    known = [
        f"{path.relative_to(ROOT)}: {word}"
        for folder in ("core", "pages")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in READ and "node_modules" not in path.parts
        for text in [ANY_FORM.sub("", path.read_text(encoding="utf-8"))]
        for word in sorted(words - EVERYDAY.get(str(path.relative_to(ROOT)), set()))
        if word in text
    ]
    assert known == []
