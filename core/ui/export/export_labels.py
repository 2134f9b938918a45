"""Words of the page 导出."""

from core.services.export import parse_source

KIND_TITLES = {
    "submission": "提交文件",
    "training": "训练集",
    "test-csv": "测试 CSV",
    "dataset": "数据集",
    "table": "表格",
    "report": "离线报告",
}
PURPOSES = {
    "submission": "交给比赛平台的 JSON：每条群聊都在，格式一字不差。",
    "test-csv": "平台批量测试用的 CSV：一列提问，答案一列都是 -。",
    "dataset": "群聊和审阅后的表单，格式与 train.json 相同，或是 Hugging Face 能读的文件夹；没有结果的群聊不写入。",
    "table": "给同事看的表格，一张表单一行。",
    "report": "一个 HTML 文件：群聊、表单和依据并排，不需要服务器，也能打印。",
}
BASE_TITLES = {"records": "已确认的记录", "both": "记录，缺的用抽取任务", "run": "只用抽取任务"}
SHORT_SHA256 = 12
"""Digits of a sha256 that the page shows."""


def source_title(written: str | None) -> str:
    """Title of an answer source as the export log keeps it."""
    if not written:
        return "—"
    return parse_source(written).title
