"""``retention`` and ``person …``: how long replies and histories stay; one person deleted or renamed everywhere."""

from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.common import Db, Json, open_db, print_json, say
from core.errors import InputError

if TYPE_CHECKING:
    from core.services.privacy import PersonReport

app = typer.Typer()
person = typer.Typer(no_args_is_help=True, help="一个人的个人信息：查找、换名、删除。", rich_markup_mode=None)
app.add_typer(person, name="person")

Terms = Annotated[
    list[str], typer.Argument(metavar="WHAT", help="名字、称呼、电话、证件号、账号，可写多个；任何写法都算。")
]
Yes = Annotated[bool, typer.Option("--yes", help="确实要改动数据库。没有它只报告会改动什么。")]


@app.command("retention", help="原始回复和记录历史保留多少天；--run 现在就删除到期的，并清理数据库文件。")
def retention(
    ctx: typer.Context,
    dataset: Annotated[str, typer.Option(metavar="NAME", help="要设置的数据集；不写则列出所有的。")] = "",
    replies: Annotated[str, typer.Option(metavar="DAYS", help="提问和原始回复保留的天数；always 表示一直保留。")] = "",
    history: Annotated[str, typer.Option(metavar="DAYS", help="记录的旧版本保留的天数；always 表示一直保留。")] = "",
    run: Annotated[bool, typer.Option("--run", help="现在就删除到期的。")] = False,
    rewrite: Annotated[bool, typer.Option("--rewrite", help="同时重写整个数据库文件，期间别人不能保存。")] = False,
    json: Json = False,
    db: Db = "",
) -> None:
    """Set, list and apply how long replies and histories stay."""
    from core.services import privacy

    with open_db(ctx, db, writes=True) as store:
        if dataset:
            old = next((rule for rule in privacy.retention_rules(store) if rule.dataset == dataset), None)
            privacy.set_retention(
                store,
                dataset,
                replies_days=_days(replies, old.replies_days if old else None),
                history_days=_days(history, old.history_days if old else None),
            )
        result = privacy.apply_retention(store, rewrite=rewrite) if run else None
        rules = privacy.retention_rules(store)
    if json:
        shown = [{"dataset": r.dataset, "replies": r.replies_days, "history": r.history_days} for r in rules]
        deleted = {"replies": result.replies, "versions": result.versions, "purged": result.purged} if result else None
        print_json({"rules": shown, "deleted": deleted})
        return
    for rule in rules:
        say(f"{rule.dataset}：原始回复 {_text(rule.replies_days)}，记录历史 {_text(rule.history_days)}")
    if result:
        say(f"已删除 {result.replies:,} 条结果的原始回复、{result.versions:,} 个旧版本")
        say("数据库文件里已没有删除的内容" if result.purged else "有人正在读，数据库日志稍后再清理")


@person.command("find", help="在所有数据集里查找一个人，列出每一处。")
def find(ctx: typer.Context, terms: Terms, json: Json = False, db: Db = "") -> None:
    """Find a person everywhere."""
    from core.services import privacy

    with open_db(ctx, db) as store:
        _print(privacy.find_person(store, terms), json)


@person.command("rename", help="把一个人在所有地方换成编造的名字和号码，历史和原始回复也换。")
def rename(ctx: typer.Context, terms: Terms, yes: Yes = False, json: Json = False, db: Db = "") -> None:
    """Rename a person everywhere."""
    from core.services import privacy

    with open_db(ctx, db, writes=True) as store:
        _print(privacy.rename_person(store, terms) if yes else privacy.find_person(store, terms), json)


@person.command("delete", help="删除一个人出现的群聊和它们的一切，其余地方换名。")
def delete(ctx: typer.Context, terms: Terms, yes: Yes = False, json: Json = False, db: Db = "") -> None:
    """Delete a person everywhere."""
    from core.services import privacy

    with open_db(ctx, db, writes=True) as store:
        _print(privacy.delete_person(store, terms) if yes else privacy.find_person(store, terms), json)


def _days(written: str, before: int | None) -> int | None:
    if not written:
        return before
    if written == "always":
        return None
    if not written.isascii() or not written.isdigit() or len(written) > 6:
        raise InputError(f"保留天数不能是「{written[:20]}」", "请写天数，例如 90，或 always")
    return int(written)


def _text(days: int | None) -> str:
    return "一直保留" if days is None else f"保留 {days} 天"


def _print(report: "PersonReport", json: bool) -> None:
    if json:
        print_json(
            {
                "done": report.done,
                "counts": report.counts(),
                "chats": report.chats,
                "places": [
                    {"what": one.title, "dataset": one.dataset, "chat": one.chat, "mentions": one.mentions}
                    for one in report.places
                ],
                "files": list(report.files),
                "entries": list(report.entries),
                "backups": list(report.backups),
                "related": list(report.related),
                "purged": report.purged,
            }
        )
        return
    say(f"{report.done}：{len(report.places):,} 处" + ("" if report.places else "，没有找到"))
    for title, number in report.counts().items():
        say(f"  {title}：{number}")
    for dataset, indices in report.chats.items():
        say(f"  {dataset}：群聊 {'、'.join(map(str, indices))}")
    for file in report.files:
        say(f"  已经交出去的文件：{file}")
    if report.related:
        say(f"  可能也是这个人，没有一起处理，要一起处理请一并写上：{'、'.join(report.related)}")
    for entry in report.entries:
        say(f"  操作记录里有，不能改：{entry}")
    for name in report.backups:
        say(f"  备份里可能还有：{name}")
    if report.done != "找到":
        say("数据库文件里已没有删除的内容" if report.purged else "有人正在读，请稍后执行 retention --run --rewrite")
