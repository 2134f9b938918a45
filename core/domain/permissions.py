"""Who may do what: the three roles of accounts, what each may do, and one rule for it (docs/roles.md)."""

from collections.abc import Mapping
from enum import StrEnum


class AccountRole(StrEnum):
    """The role of an account; each may do all that the ones before it may."""

    REVIEWER = "审阅员"
    LEAD = "组长"
    ADMINISTRATOR = "管理员"


class Permission(StrEnum):
    """Something that not everybody may do; the value says it as sentences and docs/roles.md do."""

    REVIEW = "审阅群聊，保存和撤销自己的记录"
    DISPUTE = "对标注提出争议"
    DISCUSS = "参与讨论，解决和重开，改和删自己的评论"
    PICK = "对比时选用取值"
    CHANGE_OTHERS = "改动别人已确认的记录"
    DELETE_COMMENTS = "删除别人的评论"
    BULK = "批量修改记录、撤销批量修改、导回表格"
    ADJUDICATE = "仲裁两次审阅，裁定标注争议"
    BATCHES = "分派和收回批次"
    REVIEW_CHECKS = "设定盲审比例和预埋错误，查看每人的把关结果"
    GUIDELINES = "修改标注规范"
    IMPORT = "导入群聊、标注和抽取任务"
    UNDO_IMPORT = "撤销导入"
    RUNS = "新建、开始、暂停、重试和取消抽取任务，合并任务"
    DEFAULT_RUN = "选定默认任务"
    DELETE_RUN = "删除抽取任务"
    PROMPTS = "修改提示词"
    SCORES = "登记平台得分"
    TRAINING = "生成训练集，修改摘要"
    EXPORT = "导出提交文件、数据集和表格"
    MODELS = "管理模型、地址和密钥绑定"
    DELETE_DATASET = "删除数据集"
    BACKUP = "备份和下载数据库"
    SETTINGS = "修改设置"
    FORMS = "新建和修改表单"
    PERSONAL_DATA = "查找、换名和删除一个人，设置保留期限"
    WEBHOOKS = "管理回调，查看投递"
    ACCOUNTS = "管理账号和角色"
    AUDIT = "查看操作记录"


_ORDER = tuple(AccountRole)

LEAST_ROLE: Mapping[Permission, AccountRole] = {
    Permission.REVIEW: AccountRole.REVIEWER,
    Permission.DISPUTE: AccountRole.REVIEWER,
    Permission.DISCUSS: AccountRole.REVIEWER,
    Permission.PICK: AccountRole.REVIEWER,
    Permission.CHANGE_OTHERS: AccountRole.LEAD,
    Permission.DELETE_COMMENTS: AccountRole.LEAD,
    Permission.BULK: AccountRole.LEAD,
    Permission.ADJUDICATE: AccountRole.LEAD,
    Permission.BATCHES: AccountRole.LEAD,
    Permission.REVIEW_CHECKS: AccountRole.LEAD,
    Permission.GUIDELINES: AccountRole.LEAD,
    Permission.IMPORT: AccountRole.LEAD,
    Permission.UNDO_IMPORT: AccountRole.LEAD,
    Permission.RUNS: AccountRole.LEAD,
    Permission.DEFAULT_RUN: AccountRole.LEAD,
    Permission.DELETE_RUN: AccountRole.LEAD,
    Permission.PROMPTS: AccountRole.LEAD,
    Permission.SCORES: AccountRole.LEAD,
    Permission.TRAINING: AccountRole.LEAD,
    Permission.EXPORT: AccountRole.LEAD,
    Permission.MODELS: AccountRole.ADMINISTRATOR,
    Permission.DELETE_DATASET: AccountRole.ADMINISTRATOR,
    Permission.BACKUP: AccountRole.ADMINISTRATOR,
    Permission.SETTINGS: AccountRole.ADMINISTRATOR,
    Permission.FORMS: AccountRole.ADMINISTRATOR,
    Permission.PERSONAL_DATA: AccountRole.ADMINISTRATOR,
    Permission.WEBHOOKS: AccountRole.ADMINISTRATOR,
    Permission.ACCOUNTS: AccountRole.ADMINISTRATOR,
    Permission.AUDIT: AccountRole.ADMINISTRATOR,
}
"""The lowest role that has each permission."""


def allows(role: AccountRole, permission: Permission) -> bool:
    """Whether a role has a permission."""
    return _ORDER.index(role) >= _ORDER.index(LEAST_ROLE[permission])


def who_may(permission: Permission) -> str:
    """The roles that have a permission, as sentences name them; that of 审阅员 is everybody's."""
    least = LEAST_ROLE[permission]
    return str(least) if least is AccountRole.ADMINISTRATOR else f"{least}或{AccountRole.ADMINISTRATOR}"


def permission_rows() -> list[dict[str, str]]:
    """One row for each permission: what it is, and under each role ✓ or nothing."""
    return [{"": str(what)} | {str(role): "✓" if allows(role, what) else "" for role in _ORDER} for what in Permission]


def permission_table() -> str:
    """The table of docs/roles.md."""
    rows = permission_rows()
    lines = [list(rows[0]), ["---", *(":-:" for _ in _ORDER)], *(list(row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
