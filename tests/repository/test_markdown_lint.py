"""Nothing from data reaches Markdown or HTML unescaped, and the check that says so sees every way there."""

from pathlib import Path

import pytest

from tests.repository.markdown_lint import Checker, all_leaks


def test_no_page_draws_data_as_markdown_or_html() -> None:
    assert [str(leak) for leak in all_leaks()] == []


def leaks(body: str, kind: str = "Markdown") -> list[str]:
    return [leak.code for leak in Checker({Path("page.py"): body}, kind).leaks()]


@pytest.mark.parametrize(
    "body",
    [
        "st.markdown(f'**{run.name}**')",
        "st.error(str(error))",
        "st.error(error)",
        "st.caption('备注：' + one.note)",
        "st.caption('备注：%s' % one.note)",
        "st.caption('备注：{}'.format(one.note))",
        "head.title(dataset.name)",
        "st.button('好', help=run.name)",
        "st.column_config.TextColumn('A', help=run.name)",
        "st.radio('哪个', names)",
        "st.pills('哪个', KEYS, format_func=lambda key: labels[key])",
        "st.tabs([run.name for run in runs])",
        "st.metric('模型', run.model)",
        "st.metric(label=run.name, value='1')",
        "st.progress(0.5, text=run.name)",
        "st.page_link('page.py', label=run.name)",
        "st.toast(body=run.name)",
        "st.table(rows)",
        "st.image(data, caption=run.name)",
        "st.write(run.name)",
        "said = '好'\nif run:\n    said = run.note\nst.info(said)",
        "said = '好'\nsaid += run.note\nst.info(said)",
        "parts = ['好']\nparts.append(run.note)\nst.info('，'.join(parts))",
        "for title, name in (('A', run.name),):\n    st.info(name)",
        "for name in names:\n    st.info(name)",
        "def draw(title: str) -> None:\n    st.title(title)",
        "def draw(title: Markdown) -> None:\n    st.title(title)\ndraw(run.name)",
        "def draw(*, title: Markdown) -> None:\n    st.title(title)\ndraw(title=run.name)",
        "def text(run) -> Markdown:\n    return run.name\nst.title(text(run))",
        "st.caption(f'{run.seconds:>8}')",
        "st.caption(f'{run.name!s}')",
        "with draw() as text:\n    st.caption(text)",
        "try:\n    go()\nexcept Bad as error:\n    st.caption(f'{error}')",
        "st.warning(names.get(key, '好'))",
        "st.warning(NAMES.get(key, key))\nNAMES = {'a': 'b'}",
        "st.success('好', title=run.name)",
    ],
)
def test_data_is_seen(body: str) -> None:
    assert leaks(body)


@pytest.mark.parametrize(
    "body",
    [
        "st.markdown('**好**')",
        "st.markdown(f'**{escape_markdown(run.name)}** {run.done:,} {run.share:.1%} {len(run.chats)} {at:%m-%d}')",
        "st.error(escape_markdown(error))",
        "TITLES = {1: '一'}\nst.info(TITLES[key])\nst.info(TITLES.get(key, '无'))",
        "st.pills('哪个', names, format_func=lambda name: escape_markdown(name))",
        "st.pills('哪个', names, format_func=escape_markdown)",
        "st.selectbox('哪个', names)",
        "st.text(run.note)\nst.code(run.note)\nst.dataframe(rows)",
        "for number, title in enumerate(('一', '二')):\n    st.info(f'{number} {title}')",
        "def draw(title: Markdown) -> None:\n    st.title(title)\ndraw(escape_markdown(run.name))",
        "def text(run) -> Markdown:\n    return escape_markdown(run.name)\nst.title(text(run))",
    ],
)
def test_what_is_written_counted_or_escaped_passes(body: str) -> None:
    assert leaks(body) == []


def test_html_is_checked_too() -> None:
    assert leaks("st.html(f'<b>{run.name}</b>')", "Html")
    assert not leaks("st.html(f'<b>{escape(run.name)}</b>')", "Html")
