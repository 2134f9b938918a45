"""``webhook …``: addresses of other programs that are told when a record was decided."""

from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.common import Db, Json, open_db, print_json, say

if TYPE_CHECKING:
    from core.services.webhooks import WebhookView

app = typer.Typer(
    no_args_is_help=True,
    help="回调：记录有了结论（已确认、待讨论、已跳过）时，通知别的程序；带签名，送不到会重试。",
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="回调的名称。")]


@app.command("add", help="添加回调；密钥先写进环境变量或密钥文件，例如 WEBHOOK_SECRET。")
def add(
    ctx: typer.Context,
    name: Name,
    url: Annotated[str, typer.Argument(metavar="URL", help="地址，https:// 开头；本机可以是 http://。")],
    dataset: Annotated[str, typer.Option("--dataset", metavar="NAME", help="只通知这个数据集的；默认所有的。")] = "",
    secret: Annotated[
        str, typer.Option("--secret", metavar="VARIABLE", help="签名密钥的变量，名称以 WEBHOOK_SECRET 结尾。")
    ] = "WEBHOOK_SECRET",
    db: Db = "",
) -> None:
    """Add an address."""
    from core.services.webhooks import add_webhook

    with open_db(ctx, db, writes=True, creates=True) as store:
        added = add_webhook(store, name, url, dataset=dataset or None, secret_env=secret)
    say(f"已添加回调「{added.name}」：{added.url}，通知{_scope(added)}")


@app.command("list", help="列出所有回调，和各有多少条在等、已放弃。")
def list_(ctx: typer.Context, json: Json = False, db: Db = "") -> None:
    """List all addresses."""
    from dataclasses import asdict

    from core.services.webhooks import webhooks

    with open_db(ctx, db) as store:
        listed = webhooks(store)
    if json:
        print_json([asdict(one) for one in listed])
        return
    for one in listed:
        state = "已停用" if one.disabled else "启用"
        say(f"{one.name}\t{state}\t{_scope(one)}\t等待 {one.waiting}\t已放弃 {one.given_up}\t{one.url}")


@app.command("messages", help="列出给一个回调的最近 100 条消息：内容，送达了没有，为什么没有。")
def messages(ctx: typer.Context, name: Name, json: Json = False, db: Db = "") -> None:
    """List the last messages to an address."""
    from core.services.webhooks import webhook_messages

    with open_db(ctx, db) as store:
        listed = webhook_messages(store, name)
    if json:
        print_json(
            [
                {"id": one.message_id, "state": one.state, "attempts": one.attempts, "problem": one.problem}
                | {"payload": one.payload}
                for one in listed
            ]
        )
        return
    for one in listed:
        why = f"\t{one.problem}" if one.problem else ""
        say(f"{one.message_id}\t{one.state}\t试了 {one.attempts:,} 次{why}")


@app.command("send-again", help="重新发送已放弃的消息。")
def send_again(ctx: typer.Context, name: Name, db: Db = "") -> None:
    """Send again what was given up."""
    from core.services import webhooks

    with open_db(ctx, db, writes=True) as store:
        count = webhooks.send_again(store, name)
    say(f"「{name}」有 {count:,} 条会重新发送")


@app.command("disable", help="先不通知这个回调；在等的消息留着。")
def disable(ctx: typer.Context, name: Name, db: Db = "") -> None:
    """Tell an address nothing for now."""
    _switch(ctx, name, db, disabled=True)


@app.command("enable", help="重新通知这个回调。")
def enable(ctx: typer.Context, name: Name, db: Db = "") -> None:
    """Tell an address again."""
    _switch(ctx, name, db, disabled=False)


@app.command("delete", help="删除回调和给它的消息。")
def delete(ctx: typer.Context, name: Name, db: Db = "") -> None:
    """Delete an address."""
    from core.services.webhooks import delete_webhook

    with open_db(ctx, db, writes=True) as store:
        gone = delete_webhook(store, name)
    say(f"已删除回调「{gone.name}」，{gone.waiting:,} 条没有送达")


def _switch(ctx: typer.Context, name: str, db: str, *, disabled: bool) -> None:
    from core.services.webhooks import set_webhook_disabled

    with open_db(ctx, db, writes=True) as store:
        set_webhook_disabled(store, name, disabled)
    say(f"回调「{name}」已{'停用' if disabled else '启用'}")


def _scope(view: "WebhookView") -> str:
    return f"数据集「{view.dataset}」" if view.dataset else "所有数据集"
