"""``user …``: accounts of those who sign in. Whoever can read the database's file may use it."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.common import Db, Json, open_db, print_json, say
from core.errors import InputError

if TYPE_CHECKING:
    from core.domain.permissions import AccountRole

app = typer.Typer(
    no_args_is_help=True,
    help="账号：谁可以登录，是什么角色。密码从标准输入读取，或当场输入，不写在命令里。",
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="名字；写在这个人保存的每条记录上。")]
Role = Annotated[str, typer.Option("--role", metavar="ROLE", help="审阅员、组长或管理员。")]


@app.command("add", help="新建账号。第一个管理员也这样建立：user add 王芳 --role 管理员")
def add(
    ctx: typer.Context,
    name: Name,
    role: Role = "审阅员",
    subject: Annotated[
        str,
        typer.Option(
            "--subject",
            metavar="ID",
            help="统一登录（OIDC）的标识「签发者|sub」，或那里核实过的邮件地址；给了就不问密码。",
        ),
    ] = "",
    db: Db = "",
) -> None:
    """Add an account, with a password from standard input unless the identity provider vouches for the person."""
    from core.services import team

    known_role = _role(role)
    with open_db(ctx, db, writes=True, creates=True) as store:
        password = "" if subject else _password(name)
        made = team.add_account(store, name, known_role, password=password, subject=subject)
    say(f"已建立账号「{made.name}」（{made.role}）")


@app.command("list", help="列出所有账号。")
def list_(ctx: typer.Context, json: Json = False, db: Db = "") -> None:
    """List all accounts."""
    from core.services import team

    with open_db(ctx, db) as store:
        listed = team.accounts(store)
    if json:
        print_json(
            [
                {
                    "name": account.name,
                    "role": str(account.role),
                    "password": account.has_password,
                    "subject": account.subject or None,
                    "disabled": account.disabled,
                }
                for account in listed
            ]
        )
        return
    for account in listed:
        ways = "、".join(filter(None, ("密码" if account.has_password else "", account.subject)))
        say(f"{account.name}\t{account.role}\t{'已停用' if account.disabled else '可登录'}\t{ways}")


@app.command("disable", help="停用账号，并结束它的所有登录；记录上的名字不变。")
def disable(ctx: typer.Context, name: Name, db: Db = "") -> None:
    """Close an account."""
    _switch(ctx, name, db, disabled=True)


@app.command("enable", help="重新启用账号。")
def enable(ctx: typer.Context, name: Name, db: Db = "") -> None:
    """Open a closed account again."""
    _switch(ctx, name, db, disabled=False)


@app.command("role", help="改变账号的角色，立刻生效。")
def role(
    ctx: typer.Context,
    name: Name,
    to: Annotated[str, typer.Argument(metavar="ROLE", help="审阅员、组长或管理员。")],
    db: Db = "",
) -> None:
    """Give an account another role."""
    from core.services import team

    known_role = _role(to)
    with open_db(ctx, db, writes=True) as store:
        changed = team.set_role(store, name, known_role)
    say(f"「{changed.name}」现在是{changed.role}")


@app.command("password", help="给账号一个新密码，并结束它的所有登录。")
def password(ctx: typer.Context, name: Name, db: Db = "") -> None:
    """Set an account's password, read from standard input."""
    from core.services import team

    with open_db(ctx, db, writes=True) as store:
        team.set_password(store, name, _password(name))
    say(f"「{name}」的密码已更新")


def _switch(ctx: typer.Context, name: str, db: str, *, disabled: bool) -> None:
    from core.services import team

    with open_db(ctx, db, writes=True) as store:
        team.set_disabled(store, name, disabled)
    say(f"「{name}」已{'停用' if disabled else '启用'}")


def _role(typed: str) -> "AccountRole":
    from core.domain.permissions import AccountRole

    try:
        return AccountRole(typed.strip())
    except ValueError:
        raise InputError(f"没有角色「{typed}」", f"可以是{'、'.join(AccountRole)}") from None


def _password(name: str) -> str:
    """A new password: typed twice on a terminal, else the first line of standard input."""
    if sys.stdin.isatty():
        return str(typer.prompt(f"「{name}」的密码", hide_input=True, confirmation_prompt="再输一次"))
    try:
        typed = sys.stdin.readline().rstrip("\r\n")
    except (OSError, ValueError):  # closed, or not text
        typed = ""
    if not typed:
        raise InputError("没有读到密码", "请在终端里输入，或从标准输入给一行：printf '%s\\n' \"$PASSWORD\" | …")
    return typed
