"""``discussions``: what is discussed in a dataset, for scripts."""

from typing import Annotated

import typer

from core.cli.common import Dataset, Db, Json, hint, open_db, print_json, say

app = typer.Typer()


@app.command("discussions", help="列出一个数据集里的讨论：谁、何时、说了什么，有没有解决。")
def discussions(
    ctx: typer.Context,
    dataset: Dataset,
    state: Annotated[str, typer.Option("--state", metavar="未解决|已解决|全部", help="哪些讨论。")] = "未解决",
    field: Annotated[str, typer.Option("--field", metavar="KEY", help="只列这个字段的。")] = "",
    chat: Annotated[int | None, typer.Option("--chat", metavar="N", help="只列第 N 条群聊的。")] = None,
    awaits: Annotated[str, typer.Option("--awaits", metavar="NAME", help="只列 @ 了这个人、还没有答复的。")] = "",
    json: Json = False,
    db: Db = "",
) -> None:
    """List discussions."""
    from core.adapters.store import queries
    from core.domain.form import load_named_form
    from core.services.discussion.listing import AWAITS_ME, EVERYBODY, DiscussionFilter, discussion_text, place_text
    from core.services.discussion.listing import discussions as list_discussions

    which = DiscussionFilter(state=state, whose=AWAITS_ME if awaits else EVERYBODY, field=field, chat=chat)
    with open_db(ctx, db) as store:
        views = list_discussions(store, dataset, which, viewer=awaits)
        with store.read() as session:
            form = load_named_form(queries.dataset(session, dataset).form)
    if json:
        print_json([view.as_json(place_text(view, form)) for view in views])
        return
    for view in views:
        say(f"第 {view.chat} 条 · {discussion_text(view, form)}\n")
    hint(f"{len(views):,} 处讨论" if views else "没有这样的讨论")
