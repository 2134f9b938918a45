"""Texts that Markdown, HTML or Streamlit would make something of: names, notes and errors as an attacker writes them.

``BEACON`` stands for an address that nobody's browser may ask for.
"""

from collections.abc import Callable
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import Store
from core.adapters.store.models import (
    Batch,
    BatchChat,
    Chat,
    Export,
    Extraction,
    ExtractionStatus,
    ModelEntry,
    Pass,
    Record,
    RecordEvent,
    RecordStatus,
    RunKind,
    Summary,
    TrainingSet,
)
from core.domain.prompts import PROMPTS_DIR
from core.services.extraction import prompt_library
from core.services.quality import add_external_score, dispute
from core.services.review import guidelines
from core.services.training import export_training
from core.ui import navigation
from tests.factories.datasets import FORM, make_dataset, make_form, make_record, make_run
from tests.factories.quality import KINDS, NAME, TODO
from tests.factories.reviews import decide
from tests.factories.training import options

SCRIPTS = tuple(
    script
    for name, script in vars(navigation).items()
    if name.isupper() and name != "START" and str(script).startswith("pages/")
)
"""Every page of the menu, by its script."""

BEACON = "http://127.0.0.1:9/beacon"
"""Port 9 of this machine, where nothing listens; tests with a listening one put its address in its place."""

_CORES = (
    f"![x]({BEACON})",
    f"![x][y]\n\n[y]: {BEACON}",
    f"[x]({BEACON})",
    f"[![x]({BEACON})]({BEACON})",
    f"<{BEACON}>",
    f"<img src={BEACON}>",
    f"<IMG SRC='{BEACON}' onerror=alert(1)>",
    f"<script src={BEACON}></script>",
    f"<iframe src={BEACON}></iframe>",
    f"<style>@import '{BEACON}';</style>",
    f"<link rel=stylesheet href={BEACON}>",
    f"<svg><image href={BEACON} /></svg>",
    f":red[![x]({BEACON})]",
    f":blue-background[[x]({BEACON})]",
    f'::leaf[x]{{src="{BEACON}"}}',
    f":::note\n![x]({BEACON})\n:::",
    f"$\\includegraphics{{{BEACON}}}$",
    f"$$\\href{{{BEACON}}}{{x}}$$",
    f"`![x]({BEACON})",
    f"~~~\n![x]({BEACON})",
    f"    ![x]({BEACON})",
    f"\t![x]({BEACON})",
    f"\\![x]({BEACON})",
    f"\\\\![x]({BEACON})",
    f"!\\[x]({BEACON})",
    f"[^1] [^1]: ![x]({BEACON})",
    f"| a |\n| - |\n| ![x]({BEACON}) |",
    f"- [ ] ![x]({BEACON})",
    f"1. ![x]({BEACON})",
    f"> ![x]({BEACON})",
    f"# ![x]({BEACON})",
    f"x\n===\n![x]({BEACON})",
    f"![x](<{BEACON}>)",
    f"![x](\n{BEACON}\n)",
    f'![x]({BEACON} "title")',
    f"&#33;&#91;x&#93;({BEACON})",
    f"&excl;[x]({BEACON})",
    f"*![x]({BEACON})*",
    f"__![x]({BEACON})__",
    f"~~![x]({BEACON})~~",
    f"![:red[x]]({BEACON})",
    BEACON,
    "www.beacon.invalid/x.png",
    "mail@beacon.invalid",
    ":material/home:",
    ":streamlit:",
    ":smile:",
    ":+1: :100: :red_circle:",
    ":red[x] :gray-badge[y]",
    "a -> b <- c <-> d -- e >= f <= g ~= h",
    "*a* **b** _c_ __d__ ~e~ ~~f~~ `g`",
    "$x^2$ $$y$$ 5$ 6$",
    "# a",
    "- a",
    "+ a",
    "1. a",
    "1) a",
    "---",
    "===",
    "***",
    "a_b_c 1_000 _",
    "[图片] :) ;-) 10:30 备注:好",
    "<b>x</b> &amp; &lt; &nbsp;",
    "\\ \\\\ \\n \\*",
    "|a|b|",
    "![",
    "](",
    "!",
    ":",
    "\\",
)
_FRAMES = ("{}", "客户{}", "{} 后面", "第一行\n{}", "a:{}", "!{}", "[{}](x)", "\\{}")


def hostile_texts(beacon: str = BEACON) -> list[str]:
    """Every hostile text, with the address to ask for in the place of ``BEACON``."""
    return [frame.replace("{}", core.replace(BEACON, beacon)) for core, frame in product(_CORES, _FRAMES)]


class HostileHouse:
    """A store in which everything that somebody may write is hostile."""

    def __init__(self, store: Store, say: Callable[[str], str]) -> None:
        """Fill a store.

        Args:
            store: blank.
            say: gives the text for a place, such as ``"dataset"``; another one for each place.
        """
        self.store = store
        chats = [f"{say('speaker')}：{say('chat')}\n客服：好" for _ in range(3)]
        self.dataset = make_dataset(store, chats, say("dataset"))
        gold = {i: [make_form({NAME: say("label"), TODO: say("todo"), KINDS: [say("kind")]})] for i in (1, 2, 3)}
        model, prompt = say("model"), say("prompt")
        make_run(store, self.dataset, say("labels"), gold, RunKind.LABELS)
        columns = {"model": model, "provider": "openai", "prompt_name": prompt, "prompt_version": say("version")}
        answers = {1: [{**gold[1][0], NAME: say("name")}], 2: gold[2], 3: None}
        self.runs = [
            make_run(store, self.dataset, say("run"), answers, prompt_text=say("prompt-text"), **columns),
            make_run(store, self.dataset, say("run2"), gold, prompt_text=say("prompt-text2"), **columns),
        ]
        self._fail(say)
        for index, status in ((1, RecordStatus.CONFIRMED), (2, RecordStatus.DISCUSS)):
            values = {NAME: say("record"), TODO: say("record-todo")}
            decide(store, self.dataset, index, status, values, run=self.runs[0], note="x", reason="x")
            decide(store, self.dataset, index, status, {NAME: say("record2")}, run=self.runs[0], note="x", version=1)
        second = [{NAME: say("second"), TODO: say("second-todo")}]
        make_record(store, self.dataset, 1, second, reviewer=say("second-reviewer"), review_pass=Pass.SECOND)
        with store.write() as session:  # longer than what a save takes
            for record in session.execute(select(Record)).scalars():
                record.reviewer, record.note = say("reviewer"), say("note")
            for event in session.execute(select(RecordEvent)).scalars():
                event.who, event.reason = say("event-reviewer"), say("reason")
        self._settle(say)
        self._around(say, model)

    def _fail(self, say: Callable[[str], str]) -> None:
        """The third chat failed, with a reply of which everything is hostile."""
        with self.store.write() as session:
            failed = select(Extraction).where(col(Extraction.status) == ExtractionStatus.FAILED)
            for extraction in session.execute(failed).scalars():
                extraction.cause, extraction.error, extraction.attempts = "parse", say("error"), 2
                reply = {"raw": say("raw"), "system": say("system"), "user": say("user"), "prompt": say("reply-prompt")}
                extraction.replies = [reply | {"code": say("code"), "seconds": 1.0, "ok": True, "notes": [say("step")]}]
            done = select(Extraction).where(col(Extraction.status) == ExtractionStatus.OK)
            for extraction in session.execute(done).scalars():
                extraction.notes = [say("extraction-note")]
                left_out = [{"why": say("why"), "characters": 12, "messages": [1]}]
                extraction.replies = [{"raw": say("raw2"), "left_out": left_out, "notes": [say("step2")]}]

    def _settle(self, say: Callable[[str], str]) -> None:
        dispute(
            self.store,
            dataset=self.dataset.id,
            chat=1,
            customer=0,
            field=NAME,
            reason=say("dispute"),
            who=say("disputer"),
        )
        add_external_score(self.store, self.runs[0], 3.0, source=say("source"), note=say("score-note"), who=say("who"))
        guidelines.write(
            self.store, FORM, NAME, say("guideline"), who=say("guide"), base_version=0, reason=say("guide-reason")
        )

    def _around(self, say: Callable[[str], str], model: str) -> None:
        """What belongs to no record: a batch, a model, a prompt, a training set, an export, a summary."""
        with TemporaryDirectory() as folder:
            out = Path(folder) / "set"
            export_training(self.store, options=options(datasets=(self.dataset.id,)), out=out, name="x", who="x")
        with self.store.write() as session:
            chat = session.execute(select(col(Chat.id)).where(col(Chat.index) == 1)).scalar_one()
            people = {"reviewer": say("batch-reviewer"), "who": say("lead")}
            batch = Batch(dataset_id=self.dataset.id, name=say("batch"), **people)
            session.add(batch)
            session.flush()
            session.add(BatchChat(batch_id=batch.id or 0, chat_id=chat or 0))
            trained = session.execute(select(TrainingSet)).scalar_one()
            trained.name, trained.who, trained.files = say("set"), say("builder"), {f"{say('file')}.jsonl": "0" * 64}
            trained.parameters = trained.parameters | {"datasets": [say("set-dataset")], "prompt": say("set-prompt")}
            session.add(
                ModelEntry(
                    name=model,
                    provider="openai",
                    title=say("model-title"),
                    model=say("api-name"),
                    note=say("model-note"),
                    training_set_id=trained.id,
                )
            )
            dataset = self.dataset.id
            session.add(Export(dataset_id=dataset, kind="report", filename=say("export"), counts={}, sha256="0" * 64))
            session.add(Summary(chat_id=chat or 0, version=1, text=say("summary"), who=say("writer")))
        title = " ".join(say("prompt-title").split()).replace("'", "’")
        source = (PROMPTS_DIR / "baseline.v1.md").read_text("utf-8").replace("version: 1", "version: 9", 1)
        lines = [f"title: '{title}'" if line.startswith("title:") else line for line in source.splitlines()]
        prompt_library.save(self.store, "\n".join(lines), who=say("author"))

    def addresses(self) -> list[tuple[str, dict[str, str]]]:
        """Every page with the addresses that show more of it: script and query."""
        here = {"dataset": str(self.dataset.id)}
        views = {
            navigation.RUNS: [{"run": str(self.runs[0])}, {"run": str(self.runs[1])}, {"run": "new"}],
            navigation.PROMPTS: [
                {"prompt": "baseline.v9", "view": view} for view in ("阅读", "比较", "渲染", "新版本")
            ],
            navigation.MODELS: [{"do": do} for do in ("", "copy", "edit", "new")],
            navigation.WORKBENCH: [{"chat": "1"}, {"pass": "second"}],
            navigation.HISTORY: [{"chat": "1"}],
            navigation.GUIDELINES: [{"field": FORM.field(NAME).label}],
            navigation.SCORES: [{"view": view} for view in ("排行", "字段", "分布", "最费分的群聊")],
            navigation.AGREEMENT: [{"view": view} for view in ("按字段", "待仲裁", "审阅人")],
            navigation.TRAINING_SETS: [{"view": view} for view in ("新建", "版本", "摘要")],
        }
        return [(script, here | query) for script in SCRIPTS for query in views.get(script, [{}])]
