"""A stand-in for the review service behind the workbench harness: invented chats in one JSON file, saves applied once.

It exists to test the component's contract (docs/workbench.md) by itself; the app's own service has its own tests.
"""

import copy
import json
import random
import threading
from pathlib import Path
from typing import Any

from core.domain.form import Form

SHOP = (
    "本周到店的客户可以领取样册一份",
    "尺寸以现场测量为准",
    "这款目前有现货",
    "我帮您问一下仓库再回复",
    "好的，收到",
    "[图片]",
)
ASK = (
    "这个颜色还有别的吗",
    "大概多久能送到",
    "周末可以上门看看吗",
    "和上次看的那款比哪个更耐用",
    "好的，我和家里人商量一下",
    "[语音]",
)


STAGE, MAIL, SEX = "客户购买阶段", "基本信息-邮箱", "基本信息-性别"
NEWER = {STAGE: "报价", SEX: "男"}
"""What the newer run of chat 29 says."""


def _talk(rng: random.Random, length: int, phone: str) -> list[tuple[str, str]]:
    lines = [
        ("江小满", "你好，上次在展会看到你们的书架，想问下价格"),
        ("木作-阿宽", "您好，标准款 1280 一组，含安装 [图片]"),
        ("江小满", "我家预算大概两万，书房一整面墙，够吗"),
        ("木作-阿宽", "两万有点紧，我请设计师给您算一版\n方案：靠墙一字形\n层板：橡木"),
        ("木作-阿宽", "@设计-苏禾 "),
        ("江小满", "隔壁林间家居报的更低一些"),
        ("江小满", f"我电话 {phone[:3]} {phone[3:7]} {phone[7:]}，地址青石路 18 号"),
        ("设计-苏禾", "好的，周六上午十点我和阿宽上门量尺"),
        ("江小满", "可以"),
    ]
    size = sum(len(who) + len(text) + 2 for who, text in lines)
    while size < length:
        staff = rng.random() < 0.5
        who = rng.choice(("木作-阿宽", "设计-苏禾")) if staff else "江小满"
        text = rng.choice(SHOP if staff else ASK)
        lines.append((who, text))
        size += len(who) + len(text) + 2
    return lines


def _values(form: Form, phone: str) -> dict[str, Any]:
    return form.empty() | {
        "基本信息-姓名": "江小满",
        "基本信息-手机号码": phone,
        "基本信息-详细地址": "青石路 18 号",
        "基本信息-性别": "女",
        "咨询类型": ["询价"],
        "意向产品": ["定制书架"],
        "购买异议点": ["价格", "竞品"],
        "客户预算-预算是否充足": "不充足",
        "客户预算-总体预算金额": "两万",
        "竞品信息": "林间家居，报价更低",
        "客户是否有意向": "有意向",
        "客户是否有卡点": "有卡点",
        "客户购买阶段": "方案交流",
        "下一步跟进计划-参与人": ["设计-苏禾", "木作-阿宽"],
        "下一步跟进计划-时间点": "周六上午十点",
        "下一步跟进计划-具体事项": "上门量尺，算一版方案",
    }


def make_chat(form: Form, index: int) -> dict[str, Any]:
    """An invented chat. Some numbers stand for something.

    1 has residue, 2 and 3 about 4,000 characters, 4 about 30,000; 5 two customers; 6 a value without evidence; 8 an
    e-mail that stands in no form; 9 another run that says something else; 28 what 6 and 9
    have; 12 was started from another run than the review; 29 a newer run that differs in two fields.
    """
    rng = random.Random(index)
    phone = f"138{index:08d}"
    lines = _talk(rng, {2: 4_000, 3: 4_000, 4: 30_000}.get(index, 900), phone)
    values = _values(form, phone)
    customers = [{"values": values, "origin": 0}]
    if index == 5:
        customers.append({"values": form.empty() | {"基本信息-姓名": "江先生", "基本信息-性别": "男"}, "origin": 1})
        lines.append(("江先生", "我也想看看书桌"))
    if index in (6, 28):
        values["基本信息-手机号码"] = "13900000000"
    if index == 8:
        lines.append(("江小满", "资料发我邮箱 xiaoman@example.com 吧"))
    state = "逐项确认" if index == 29 else "未看"
    return {
        "lines": lines,
        "baseline": [copy.deepcopy(c["values"]) for c in customers],
        "customers": [c | {"confirmed": dict.fromkeys(form.keys, state)} for c in customers],
        "version": 0,
        "status": "未审阅",
        "reviewer": "",
        "note": "",
        "residue": 2 if index == 1 else 0,
    }


class FakeReview:
    """All state in one JSON file, so that a server can be killed and started again."""

    def __init__(self, path: Path, form: Form, chats: int) -> None:
        self.path, self.form = path, form
        if path.exists():
            state = json.loads(path.read_text("utf-8"))
            self.chats, self.saved, self.log = state["chats"], state["saved"], state["log"]
        else:
            self.chats = {str(i): make_chat(form, i) for i in range(1, chats + 1)}
            self.saved, self.log = {}, []

    def keep(self) -> None:
        state = {"chats": self.chats, "saved": self.saved, "log": self.log}
        # Two steps: tests read the file meanwhile, and would find it empty now and then.
        written = self.path.with_name(f"{self.path.name}.{threading.get_ident()}")
        written.write_text(json.dumps(state, ensure_ascii=False), "utf-8")
        written.replace(self.path)

    def apply(self, save: dict[str, Any]) -> dict[str, Any]:
        """One save, once: a conflict where neither the version nor the save before is the record's newest."""
        answer = {"save_id": save["save_id"], "why": "", "theirs": None, "who": None}
        if save["save_id"] in self.saved:
            return answer | {"result": "saved", "version": self.saved[save["save_id"]]}
        chat = self.chats[str(save["chat"])]
        if save["note"] == "请拒绝":
            return answer | {"result": "rejected", "version": chat["version"], "why": "备注不能这样写。"}
        if chat["version"] not in (save["base_version"],) and chat.get("last") != save["after_save_id"]:
            theirs = {"theirs": chat["customers"], "who": chat["reviewer"]}
            return answer | theirs | {"result": "conflict", "version": chat["version"]}
        chat.update(customers=save["customers"], status=save["status"], reviewer=save["reviewer"], note=save["note"])
        chat.update(version=chat["version"] + 1, last=save["save_id"])
        self.saved[save["save_id"]] = chat["version"]
        self.log.append({k: save[k] for k in ("save_id", "chat", "status", "seconds", "tries", "reason")})
        return answer | {"result": "saved", "version": chat["version"]}

    def foreign_save(self, index: int, who: str, key: str, value: Any) -> None:
        """Somebody else saves a chat in between."""
        chat = self.chats[str(index)]
        chat["customers"] = copy.deepcopy(chat["customers"])
        chat["customers"][0]["values"][key] = value
        chat.update(version=chat["version"] + 1, reviewer=who, status="已确认", last="foreign")

    def turn(self, outbox: list[dict[str, Any]], at: int | None, reviewer: str, residue: int | None) -> dict[str, Any]:
        """What the component is given."""
        acks = [self.apply(save) for save in outbox]
        self.keep()
        indices = [int(i) for i in self.chats]
        here = at or 1
        following = [i for i in indices if i > here][:4]
        before = [i for i in reversed(indices) if i < here][:2]
        statuses = [chat["status"] for chat in self.chats.values()]
        done = {"confirmed": statuses.count("已确认"), "discussed": statuses.count("待讨论")}
        done |= {"skipped": statuses.count("已跳过")}
        shown = dict.fromkeys([here, *following, *before[:1], *(save["chat"] for save in outbox)])
        return {
            "form": self.form.model_dump(mode="json"),
            "session": f"{self.path.parent.name}|{reviewer}",
            "reviewer": reviewer,
            "dataset": {"id": self.path.parent.name, "name": "木作客服群 · 训练"},
            "progress": {"total": len(indices), "left": len(indices) - sum(done.values()), **done},
            "open": here,
            "order": {"next": following, "prev": before},
            "base_run_id": 1,
            "chats": [self.payload(i, residue) for i in shown],
            "acks": acks,
            "guidelines": {STAGE: "以群聊结束时的状态为准。\n例：已报价、等回复 → 等待结果"},
            "error": "",
        }

    def payload(self, index: int, residue: int | None) -> dict[str, Any]:
        chat = self.chats[str(index)]
        lines = chat["lines"]
        marks, spots = self._locate(chat)
        missed = self._missed(chat)
        spots += [(one["message"], 7, 7 + len(one["value"]), one["id"]) for one in missed]
        people = list(dict.fromkeys(who for who, _ in lines))
        messages = []
        for i, (who, text) in enumerate(lines):
            quote = {"speaker": lines[1][0], "text": lines[1][1], "parts": [{"t": lines[1][1], "e": []}]}
            messages.append(
                {
                    "i": i,
                    "speaker": who,
                    "role": "客服" if "-" in who else "客户",
                    "kind": "image" if text.startswith("[") else "text",
                    "same": i > 0 and lines[i - 1][0] == who,
                    "near": [people.index(who)] + ([0] if "-" in who else []),
                    "named": [name for at, _, _, name in spots if at == i and name.split(":")[1] == "0"],
                    "quote": quote if i == 5 else None,
                    "parts": _cut(text, [(a, b, n) for at, a, b, n in spots if at == i and n.split(":")[1] != "0"]),
                }
            )
        customers = [
            {
                "values": customer["values"],
                "baseline": chat["baseline"][origin] if (origin := customer.get("origin")) is not None else None,
                "origin": customer.get("origin"),
                "confirmed": customer["confirmed"],
                "marks": marks[c],
                "pinned": customer.get("pinned", {}),
                "others": {STAGE: [{"value": "报价", "who": ["微调一版"]}]} if index in (9, 28) else {},
                "compared": ["微调一版"] if index in (9, 28) else [],
                "delta": {k: v for k, v in NEWER.items() if customer["values"][k] != v} if index == 29 else {},
            }
            for c, customer in enumerate(chat["customers"])
        ]
        copies = chat["residue"]
        return {
            "chat": index,
            "chat_id": index,
            "record_id": index if chat["version"] else 0,
            "version": chat["version"],
            "status": chat["status"],
            "reviewer": chat["reviewer"],
            "note": chat["note"],
            "run": {"name": "finetuned" if index == 12 else "演示抽取", "model": "星火 Max"},
            "base_run_id": 2 if index == 12 else 1,
            "failed": "",
            "claimed_by": "",
            "counts": {"messages": len(lines), "customers": 1, "staff": 2, "characters": sum(len(t) for _, t in lines)},
            "residue": {
                "copies": copies,
                "characters": 1234 * copies,
                "text": "\" data-online-sheet-link='[]'>江小满3\\你好" if residue == index else "",
            },
            "speakers": [
                {
                    "name": n,
                    "role": "客服" if "-" in n else "客户",
                    "reasons": ["名字带岗位" if "-" in n else "在问价格"],
                }
                for n in people
            ],
            "messages": messages,
            "customers": customers,
            "missed": missed,
            "warnings": [],
        }

    def _missed(self, chat: dict[str, Any]) -> list[dict[str, Any]]:
        """An e-mail that somebody said and no form holds."""
        held = [customer["values"][MAIL] for customer in chat["customers"]]
        names = [customer["values"]["基本信息-姓名"] for customer in chat["customers"]]
        said = [(i, who, text.split()[1]) for i, (who, text) in enumerate(chat["lines"]) if "@example.com" in text]
        return [
            {"id": f"m:{n + 1}", "key": MAIL, "value": mail, "message": i}
            | {"customer": names.index(who) if who in names else None}
            for n, (i, who, mail) in enumerate(said)
            if mail not in held
        ]

    def _locate(self, chat: dict[str, Any]) -> tuple[list[dict[str, Any]], list[tuple[int, int, int, str]]]:
        """Marks per customer, and where each piece of evidence stands: (message, start, end, id)."""
        spots: list[tuple[int, int, int, str]] = []
        every = []
        for c, customer in enumerate(chat["customers"]):
            marks: dict[str, Any] = {}
            for number, field in enumerate(self.form.fields):
                value = customer["values"][field.key]
                found = []
                for needle in value if isinstance(value, list) else [value] if value else []:
                    spaced = f"{needle[:3]} {needle[3:7]} {needle[7:]}" if field.kind == "phone" else needle
                    for i, (who, text) in enumerate(chat["lines"]):
                        if number == 0 and who == needle and len(found) < 1:
                            found.append((i, 0, 0))
                        elif number and spaced[:4] in text and len(found) < 2 and needle:
                            start = text.find(spaced if spaced in text else spaced[:4])
                            found.append((i, start, start + (len(spaced) if spaced in text else 4)))
                ids = [f"{c}:{number}:{n}" for n in range(len(found))]
                spots += [(*where, name) for where, name in zip(found, ids, strict=True)]
                status = "" if not value else "推断" if field.nature == "judgement" else "原文" if found else "无依据"
                if field.kind == "phone" and found:
                    status = "归一化"
                marks[field.key] = {"status": status, "evidence": ids, "messages": sorted({f[0] for f in found})}
            every.append(marks)
        return every, spots


def _cut(text: str, spans: list[tuple[int, int, str]]) -> list[dict[str, Any]]:
    edges = sorted({0, len(text), *(e for start, end, _ in spans for e in (start, end))})
    return [
        {"t": text[a:b], "e": [n for start, end, n in spans if start <= a and b <= end]}
        for a, b in zip(edges, edges[1:], strict=False)
    ]
