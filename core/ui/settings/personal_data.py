"""The part 个人信息 of the page 设置: one person found and deleted everywhere, and how long things stay."""

import streamlit as st

from core.services import privacy
from core.ui import state
from core.ui.markdown import escape_markdown
from core.ui.notices import show_errors

_FOUND = "settings.person"
_FOUND_ONLY, _DELETED = "找到", "已删除"
"""What a report says of itself before and after a deletion."""


def draw_personal_data() -> None:
    """Find a person over all datasets, rename or delete them; set the days of a dataset."""
    st.subheader("个人信息")
    with st.form("person", border=False):
        written = st.text_input(
            "找一个人",
            placeholder="名字 称呼 电话 证件号，用空格分开",
            help="在所有数据集的群聊、记录、历史和原始回复里找，任何写法都算。知道的都写上：邱明远 找不到 邱总。",
        )
        if st.form_submit_button("查找", icon=":material/person_search:"):
            with show_errors():
                st.session_state[_FOUND] = privacy.find_person(state.store(), written.split())
    report = st.session_state.get(_FOUND)
    if report is not None:
        _draw_report(report)
    _draw_retention()


def _draw_report(report: privacy.PersonReport) -> None:
    chats = sum(map(len, report.chats.values()))
    summary = f"{report.done}：{len(report.places):,} 处" if report.places else "没有找到。"
    if report.done == _DELETED and chats:
        summary += f"，其中 {chats:,} 条群聊整条删除了"
    st.markdown(escape_markdown(summary))
    lines = [f"{title} {number:,} 处" for title, number in report.counts().items()]
    lines += [f"数据集「{name}」第 {'、'.join(map(str, indices))} 条群聊" for name, indices in report.chats.items()]
    if words := list(dict.fromkeys(report.pseudonyms.values())):
        lines.append(f"换成了：{'、'.join(words)}")
    lines += [f"已经交出去的文件：{file}" for file in report.files]
    lines += [f"操作记录里有，不能改：{entry}" for entry in report.entries]
    if report.related and report.done == _FOUND_ONLY:
        lines.append(f"可能也是这个人，要一起处理请一并写上：{'、'.join(report.related)}")
    lines += [f"备份里可能还有：{name}" for name in report.backups]
    st.markdown("\n".join(f"- {escape_markdown(line)}" for line in lines))
    if report.done != _FOUND_ONLY:
        st.caption("数据库文件里已没有删除的内容。" if report.purged else "有人正在读，数据库文件稍后再清理。")
        return
    if not report.places:
        return
    if chats:
        st.warning(
            f"「删除这个人」会把上面 {chats:,} 条群聊整条删除：里面别的人、所有人的审阅和抽取结果也一起没有，"
            "别处的写法换掉。"
            "「到处换名」只换掉这个人的写法，群聊都留着。",
            icon=":material/warning:",
        )
    sure = st.checkbox("我确认要改动，改动不能撤销", key="person-sure")
    left, right = st.columns(2)
    for column, label, act in (
        (left, "到处换名", privacy.rename_person),
        (right, "删除这个人", privacy.delete_person),
    ):
        if column.button(label, disabled=not sure, width="stretch"):
            with show_errors(), st.spinner("正在改动并清理数据库文件…"):
                st.session_state[_FOUND] = act(state.store(), report.terms)
                st.rerun()


def _draw_retention() -> None:
    rules = privacy.retention_rules(state.store())
    if not rules:
        return
    names = [rule.dataset for rule in rules]
    name = st.selectbox("保留期限", names, key="retention-dataset")
    number = names.index(name)
    with st.form(f"retention-{names[number]}", border=False):
        left, right = st.columns(2)
        replies = left.number_input("原始回复保留几天", 0, 36_500, rules[number].replies_days, placeholder="一直")
        history = right.number_input("记录旧版本保留几天", 0, 36_500, rules[number].history_days, placeholder="一直")
        if st.form_submit_button("保存期限"):
            with show_errors():
                privacy.set_retention(state.store(), names[number], replies_days=replies, history_days=history)
                st.toast("已保存，每天清理一次")
