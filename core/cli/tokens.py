"""``token …``: access tokens, by which programs use the HTTP API. Whoever can read the database's file may use it."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.common import Db, Json, hint, open_db, print_json, say

if TYPE_CHECKING:
    from core.services.team import AccessTokenView

app = typer.Typer(
    no_args_is_help=True,
    help="访问令牌：程序凭它使用 HTTP 接口，能做的和它的账号一样。令牌只在新建时显示一次。",
    rich_markup_mode=None,
)


@app.command("add", help="新建访问令牌，打印一次；例如 token add 每晚导入 --account 王芳")
def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="给什么程序用。")],
    account: Annotated[
        str, typer.Option("--account", metavar="NAME", help="哪个账号的；需要登录的服务器必须写。")
    ] = "",
    owner: Annotated[str, typer.Option("--owner", metavar="NAME", help="不用登录的服务器上，写在记录上的名字。")] = "",
    days: Annotated[int, typer.Option("--days", metavar="N", help="用多少天，1 到 366。")] = 90,
    json: Json = False,
    db: Db = "",
) -> None:
    """Make a token and print it; nobody is told it a second time."""
    from core.services import team

    with open_db(ctx, db, writes=True, creates=True) as store:
        made, secret = team.create_token(store, name, days=days, account=account, owner=owner)
    if json:
        print_json(_as_json(made) | {"token": secret})
        return
    hint(f"令牌「{made.name}」（{made.owner}）用到 {made.ends_at.astimezone():%Y-%m-%d %H:%M}；只显示这一次：")
    say(secret)


@app.command("list", help="列出所有访问令牌；不含令牌本身。")
def list_(ctx: typer.Context, json: Json = False, db: Db = "") -> None:
    """List all tokens."""
    from core.services import team

    with open_db(ctx, db) as store:
        listed = team.access_tokens(store, everyone=True)
    if json:
        print_json([_as_json(token) for token in listed])
        return
    for token in listed:
        used = f"{token.used_at.astimezone():%Y-%m-%d %H:%M}" if token.used_at else "从未"
        ends = f"{token.ends_at.astimezone():%Y-%m-%d %H:%M}"
        say(f"{token.id}\t{token.owner}\t{token.name}\t{token.state}\t到期 {ends}\t上次使用 {used}")


@app.command("revoke", help="作废访问令牌，立刻生效；编号由 token list 列出。")
def revoke(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID", help="令牌的编号。")],
    db: Db = "",
) -> None:
    """Revoke a token."""
    from core.services import team

    with open_db(ctx, db, writes=True) as store:
        revoked = team.revoke_token(store, number)
    say(f"令牌「{revoked.name}」（{revoked.owner}）已作废")


def _as_json(token: "AccessTokenView") -> dict[str, Any]:
    """A token as ``--json`` prints it."""
    times = {
        name: value.isoformat() if value else None for name, value in asdict(token).items() if name.endswith("_at")
    }
    return {"id": token.id, "name": token.name, "owner": token.owner, "state": token.state, **times}
