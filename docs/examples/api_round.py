"""Once round the loop by the HTTP API: import, extract, score, read the records with their evidence, export.

    SHIYAO_URL=http://127.0.0.1:8501 SHIYAO_TOKEN=shiyao_… python docs/examples/api_round.py chats.json

Needs ``httpx``. The token is made on 设置, or by ``python -m core token add``; the file is a JSON array of
``{"chat_text": …, "infos": […]}`` or any other that 导入 takes. Run again with the same file, it imports nothing twice.
"""

import hashlib
import os
import sys
import time
from base64 import b64decode
from pathlib import Path
from typing import Any

import httpx


class Refused(Exception):
    """What the server would not do: its sentence, and what to do."""


class Shiyao:
    """A small client: every refusal becomes an exception with the sentence that a page would show."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send one request; one that is too early is sent again when the server says."""
        while True:
            answer = self._http.request(method, f"/api/v1{path}", **options)
            if answer.status_code not in (429, 503):
                break
            time.sleep(float(answer.headers.get("Retry-After", "1")))
        if answer.is_error:
            problem = answer.json()
            raise Refused(f"{problem['detail']}。{problem['remedy']}")
        return answer

    def records(self, dataset: int) -> list[dict[str, Any]]:
        """All records of a dataset, page by page."""
        records: list[dict[str, Any]] = []
        after: int | None = 0
        while after is not None:
            page = self.call("GET", f"/datasets/{dataset}/records", params={"after": after, "limit": 20}).json()
            records += page["items"]
            after = page["next_after"]
        return records


def go_round(http: httpx.Client, chats: Path, folder: Path, *, dataset_name: str = "接口示例") -> dict[str, Any]:
    """Go once round the loop; returns what it came to.

    Args:
        http: with the server's address and the token.
        chats: a file of chats.
        folder: where the submission goes.
        dataset_name: of the dataset that is made, or added to.
    """
    shiyao = Shiyao(http)
    file = chats.read_bytes()
    target = {"dataset": dataset_name, "filename": chats.name}
    preview = shiyao.call("POST", "/imports", params={**target, "dry_run": True}, content=file).json()
    print(f"会导入 {preview['added']} 条，已有 {preview['skipped']} 条，拒绝 {len(preview['rejected'])} 条")
    # The same file under the same key is imported once, however often the connection breaks.
    once = {"Idempotency-Key": hashlib.sha256(file).hexdigest()}
    imported = shiyao.call("POST", "/imports", params=target, content=file, headers=once).json()
    dataset = imported["dataset_id"]

    new_run = {"name": "规则", "provider": "local"}
    run = shiyao.call("POST", f"/datasets/{dataset}/runs", json=new_run).json()
    while run["status"] == "running":
        time.sleep(0.2)
        run = shiyao.call("GET", f"/runs/{run['id']}").json()
    print(f"抽取完成 {run['done']} 条，失败 {run['failed']} 条")

    score = None
    if imported["labels"] or imported["run_id"]:
        score = shiyao.call("GET", f"/datasets/{dataset}/scores", params={"run": run["id"]}).json()
        print(f"得分 {score['score']:.2f}，全空的表单也有 {score['floors']['empty']:.2f}")

    records = shiyao.records(dataset)
    unfounded = [
        (record["chat"], key)
        for record in records
        for customer in record["customers"]
        for key, mark in customer["evidence"].items()
        if mark["status"] == "无依据"
    ]
    print(f"{len(records)} 条群聊，{len(unfounded)} 个值在原文里没有依据")

    wanted = {"kind": "submission", "source": f"records+run:{run['name']}", "fill_missing": True}
    exported = shiyao.call("POST", f"/datasets/{dataset}/exports", json=wanted)
    promised = b64decode(exported.headers["Repr-Digest"].removeprefix("sha-256=:").removesuffix(":"))
    if hashlib.sha256(exported.content).digest() != promised:
        raise Refused("文件在路上变了")
    out = folder / "submission.json"
    out.write_bytes(exported.content)
    print(f"提交文件 {out}，{len(exported.content):,} 字节")
    return {"dataset": dataset, "run": run, "score": score, "records": records, "unfounded": unfounded, "out": out}


def main() -> None:
    """Go round with the server and the token of the environment."""
    headers = {"Authorization": f"Bearer {os.environ['SHIYAO_TOKEN']}"}
    address = os.environ.get("SHIYAO_URL", "http://127.0.0.1:8501")
    with httpx.Client(base_url=address, headers=headers, timeout=300) as http:
        go_round(http, Path(sys.argv[1]), Path.cwd())


if __name__ == "__main__":
    main()
