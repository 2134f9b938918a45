"""The verb ``serve``: the pages, from whichever folder it is called, with the sample at the first start."""

import os
import socket
import sys
from contextlib import closing
from ipaddress import ip_address
from typing import Annotated

import typer

from core.cli.common import Db, database_url, open_db, say
from core.errors import SettingsError
from core.places import ROOT, VAR_VARIABLE, var_folder
from core.system_errors import system_reason

app = typer.Typer()


@app.command("serve", help="启动网页；第一次启动时载入自带的示例。")
def serve(
    ctx: typer.Context,
    port: Annotated[int, typer.Option(metavar="PORT", min=1, max=65535, help="在哪个端口上。")] = 8501,
    address: Annotated[
        str, typer.Option(metavar="ADDRESS", help="在哪个地址上；默认只有本机能打开，别的地址要先设置登录。")
    ] = "127.0.0.1",
    sample: Annotated[bool, typer.Option("--sample/--no-sample", help="新建的数据库要不要载入示例。")] = True,
    db: Db = "",
) -> None:
    """Load the sample into a new database, say where the data are, and become the server."""
    from core.services.datasets import load_sample

    _require_free(address, port)
    with open_db(ctx, db, writes=True, creates=True) as store:
        if sample and store.created:
            load_sample(store)
        say(f"数据库：{store.url}")
    say(f"数据文件夹：{var_folder()}（用 {VAR_VARIABLE} 可以换一个，用 SHIYAO_DATABASE_URL 可以换数据库）")
    say(f"在浏览器里打开 http://{'127.0.0.1' if address in ('0.0.0.0', '::') else address}:{port}，Ctrl+C 结束。")
    sys.stdout.flush()
    script = [str(ROOT / "app.py"), f"--server.port={port}", f"--server.address={address}"]
    script.append("--logger.hideWelcomeMessage=true")  # it says the same in English
    # -P: a folder ``core`` in the current one is not the program.
    command = [sys.executable, "-P", "-m", "streamlit", "run", *script]
    os.execve(sys.executable, command, os.environ | {"SHIYAO_DATABASE_URL": database_url(ctx, db)})


def _require_free(address: str, port: int) -> None:
    """Fail where the port is taken or the address is none of this machine.

    Raises:
        SettingsError: the server could not listen there.
    """
    try:
        ip_address("127.0.0.1" if address == "localhost" else address)
    except ValueError as error:  # a name would have to be looked up elsewhere
        raise SettingsError(
            f"地址「{address[:100]}」不是 IP 地址", "请把 --address 写成 127.0.0.1，或本机的一个 IP 地址"
        ) from error
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with closing(socket.socket(family, kind, protocol)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        raise SettingsError(
            f"在 {address} 的端口 {port} 上启动不了（{system_reason(error)}）",
            "请用 --port 换一个端口，或检查 --address",
        ) from error
