"""Prompt files: what is refused, what is rendered."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.form import load_named_form
from core.domain.prompts import PROMPTS_DIR, Stage, list_prompts, load_prompt, parse_prompt, render
from core.domain.prompts.jinja_environment import is_only_put_in
from core.domain.prompts.loading import read_prompt
from core.errors import PromptError

FORM = load_named_form()
FRONT = "---\nname: {name}\nversion: {version}\ntitle: 试\npurpose: 试验\nstage: {stage}\n{more}---\n{body}"
BODY = "{% block user %}{{ chat }}{% endblock %}"


def source(body: str = BODY, *, name: str = "try", version: object = 1, stage: str = "extract", more: str = "") -> str:
    return FRONT.format(name=name, version=version, stage=stage, more=more, body=body)


def test_shipped_prompts_are_valid_and_render() -> None:
    prompts = list_prompts()
    assert "baseline.v1" in {prompt.id for prompt in prompts}
    for prompt in prompts:
        assert (PROMPTS_DIR / f"{prompt.id}.md").is_file()


def test_baseline_describes_every_field() -> None:
    rendered = render(load_prompt("baseline"), FORM, chat="甲：{{ 不是变量 }}")
    for field in FORM.fields:
        assert f"- {field.key}（{'列表' if field.is_list else '文本'}）：{field.description}" in rendered.user
        assert f'"{field.key}": ' + ("[]" if field.is_list else '""') in rendered.user
        assert "、".join(field.values) in rendered.user
    assert rendered.user.rstrip().endswith("<chat>\n甲：{{ 不是变量 }}\n</chat>")
    assert rendered.system
    assert '"infos"' not in rendered.user


def test_one_json_object_where_the_server_insists() -> None:
    assert '{"infos": [' in render(load_prompt("baseline"), FORM, chat="甲：在", json_object=True).user


def test_equal_questions_have_equal_hashes() -> None:
    prompt = load_prompt("baseline.v1")
    one, same, other = (render(prompt, FORM, chat=chat).sha256 for chat in ("甲：在", "甲：在", "乙：在"))
    assert one == same != other


def test_what_is_around_a_text_is_rendered_once_and_reads_the_same() -> None:
    chat = "  \n甲：{{ 在 }}\n"
    for prompt in list_prompts():
        if prompt.stage not in (Stage.EXTRACT, Stage.SUMMARY):
            continue
        assert is_only_put_in(prompt.body, "chat")
        rendered = render(prompt, FORM, chat=chat)
        assert chat.rstrip() in rendered.user
        # The same prompt, which looks at the text as well, is rendered as a whole.
        looked_at = "{% if chat %}{% endif %}"
        whole = replace(prompt, body=prompt.body.replace("{{ chat }}", looked_at + "{{ chat }}"))
        assert not is_only_put_in(whole.body, "chat")
        assert render(whole, FORM, chat=chat) == rendered


@pytest.mark.parametrize(
    "changing",
    ["{{ chat | upper }}", "{% set c = chat %}{{ c }}", "{% set chat = 'x' %}{{ chat }}", "{{ chat ~ '' }}"]
    + ["{% for c in chat %}{{ c }}{% endfor %}", "{% for chat in form.groups %}{{ chat }}{% endfor %}"],
)
def test_a_text_that_is_changed_or_looked_at_is_not_only_put_in(changing: str) -> None:
    assert not is_only_put_in("{% block user %}" + changing + "{% endblock %}", "chat")


def test_newest_version_first(tmp_path: Path) -> None:
    for version in (1, 2, 10):
        (tmp_path / f"try.v{version}.md").write_text(source(version=version), encoding="utf-8")
    assert load_prompt("try", tmp_path).version == 10
    assert load_prompt("try.v2", tmp_path).version == 2
    with pytest.raises(PromptError, match="try.v10"):
        load_prompt("other", tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (source(more="colour: red\n"), "colour"),
        (source().replace("title: 试\n", ""), "title"),
        (source(version="x"), "version"),
        (source(version=0), "version"),
        (source(stage="guess"), "guess"),
        (source(name="other"), "other.v1"),
        (source("no block"), "block user"),
        (source("{% block user %}{{ chat }}{% endblock %}{% block more %}{% endblock %}"), "more"),
        (source("\n{% block user %}\n{{ chat }"), "第 "),
        (source("{% block user %}{{ chta }}{% endblock %}"), "chta"),
        ("no front matter", "没有文件头"),
        ("---\nname: [\n---\n", "YAML"),
    ],
)
def test_broken_files_are_refused_by_name_and_reason(text: str, said: str) -> None:
    with pytest.raises(PromptError) as caught:
        parse_prompt(text, "try.v1.md")
    assert "try.v1.md" in str(caught.value)
    assert said in str(caught.value)


def test_file_name_encoding_and_absence(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="Try.md"):
        parse_prompt(source(), "Try.md")
    bad = tmp_path / "try.v1.md"
    bad.write_bytes(source().encode("gbk"))
    with pytest.raises(PromptError, match="UTF-8"):
        read_prompt(bad)
    with pytest.raises(PromptError, match="找不到"):
        read_prompt(tmp_path / "none.v1.md")


def test_missing_and_unknown_variables_are_refused() -> None:
    prompt = parse_prompt(source(), "try.v1.md")
    assert prompt.stage is Stage.EXTRACT
    with pytest.raises(PromptError, match="chat"):
        render(prompt, FORM)
    with pytest.raises(PromptError, match="mood"):
        render(prompt, FORM, chat="", mood="good")


def test_templates_cannot_reach_python() -> None:
    body = "{% block user %}{{ chat.__class__.__mro__ }}{% endblock %}"
    with pytest.raises(PromptError, match="try.v1"):
        render(parse_prompt(source(body), "try.v1.md"), FORM, chat="x")
