"""Loads and validates prompt files: front matter key by key, body compiled; every error names the file."""

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import frontmatter
import yaml  # type: ignore[import-untyped]
from jinja2 import meta
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.domain.prompts.jinja_environment import ENVIRONMENT, LONGEST_SOURCE, compiled
from core.domain.prompts.prompt_types import STAGE_VARIABLES, Prompt, Stage
from core.domain.prompts.template_errors import body_line, template_reason
from core.errors import PromptError
from core.system_errors import system_reason
from core.validation_words import why_refused

PROMPTS_DIR = Path(__file__).resolve().parents[3] / "prompts"

_FILE_NAME = re.compile(r"(?<![a-z0-9_])(?P<name>[a-z][a-z0-9_]*+)\.v(?P<version>[1-9]\d*+)\.md")
_MOST_BYTES = 4 * LONGEST_SOURCE + 3
"""Size of the longest text in UTF-8, with its mark."""
_MOST_DIGITS = 9
"""Of a version's number: what databases take."""
_BLOCKS = frozenset({"system", "user"})
_REASONS = {
    "missing": "缺少这一项",
    "extra_forbidden": "不认识这一项，可能是拼写错误",
    "string_type": "应为文本",
    "string_too_short": "不能为空",
    "string_pattern_mismatch": "只能用小写字母、数字和下划线，以字母开头",
    "int_type": "应为整数",
    "greater_than": "应从 1 开始",
    "less_than": "太大",
    "enum": "不是允许的值",
}

_TITLES_NOW = {"归纳": "写摘要", "由归纳填表": "由摘要填表"}
"""What published prompts are called now: their files are pinned by digest, titles included."""


class _FrontMatter(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: int = Field(gt=0, lt=10**_MOST_DIGITS)
    title: str = Field(min_length=1)
    purpose: str = Field(min_length=1)
    stage: str


def parse_prompt(source: str, file_name: str) -> Prompt:
    """Validate the text of a prompt file.

    Args:
        source: YAML front matter between ``---`` lines, then a Jinja2 body.
        file_name: ``<name>.v<version>.md``; must agree with the front matter.

    Raises:
        PromptError: names the file and the reason: bad YAML, unknown or missing keys, a body that does not compile,
            a block or variable that the stage does not have.
    """
    if not (match := _FILE_NAME.fullmatch(file_name)):
        raise PromptError(f"提示词文件 {file_name} 的名字不对", "文件名应为 <名称>.v<版本>.md，例如 baseline.v1.md")
    raw, body = _split(source, file_name)
    try:
        front = _FrontMatter.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        reason = _REASONS.get(first["type"]) or why_refused(first)
        raise PromptError(f"提示词文件 {file_name} 的文件头：{key} {reason}", "请改正后重试") from error
    try:
        stage = Stage(front.stage)
    except ValueError as error:
        raise PromptError(
            f"提示词文件 {file_name} 的文件头：stage 不能是「{front.stage}」", f"可以是 {'、'.join(Stage)}"
        ) from error
    if (front.name, str(front.version)) != (match["name"], match["version"]):
        raise PromptError(
            f"提示词文件 {file_name} 的文件头写的是 {front.name}.v{front.version}，和文件名不一致",
            "已发布的版本不能改，新版本请另存为新文件，并让文件名与文件头一致",
        )
    _check_body(body, stage, file_name)
    return Prompt(
        name=front.name,
        version=front.version,
        title=_TITLES_NOW.get(front.title, front.title),
        purpose=front.purpose,
        stage=stage,
        body=body,
        source=source,
        sha256=hashlib.sha256(source.encode()).hexdigest(),
    )


def _split(source: str, file_name: str) -> tuple[dict[str, Any], str]:
    if len(source) > LONGEST_SOURCE:
        raise PromptError(
            f"提示词文件 {file_name} 有 {len(source):,} 字，太长", f"最多 {LONGEST_SOURCE:,} 字，请删短后重试"
        )
    try:
        raw, body = frontmatter.parse(source)
        front = dict(raw)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"第 {mark.line + 2} 行" if mark else ""
        raise PromptError(f"提示词文件 {file_name} 的文件头{place}不是合法的 YAML", "请改正后重试") from error
    except Exception as error:  # the YAML reader lets a wrong date, a huge number or deep nesting through to Python
        raise PromptError(
            f"提示词文件 {file_name} 的文件头读不了（{type(error).__name__}）", "每行应为 名称: 文本，请改正后重试"
        ) from error
    if not front:
        raise PromptError(
            f"提示词文件 {file_name} 没有文件头", "开头应有两行 --- 之间的 name、version、title、purpose、stage"
        )
    return front, str(body)


def _check_body(body: str, stage: Stage, file_name: str) -> None:
    try:
        tree = ENVIRONMENT.parse(body)
        blocks = set(compiled(body).blocks)
        variables = meta.find_undeclared_variables(tree) - ENVIRONMENT.globals.keys()
    except Exception as error:  # also RecursionError, ValueError and SyntaxError of deep nesting or a huge number
        raise PromptError(
            f"提示词文件 {file_name} {body_line(error) or '正文'}不能用：{template_reason(error)}", "请改正后重试"
        ) from error
    if unknown := sorted(blocks - _BLOCKS):
        raise PromptError(f"提示词文件 {file_name} 有不认识的 block：{'、'.join(unknown)}", "只能有 system 和 user")
    if "user" not in blocks:
        raise PromptError(
            f"提示词文件 {file_name} 没有 user 部分", "请把提问写在 {% block user %} 和 {% endblock %} 之间"
        )
    allowed = STAGE_VARIABLES[stage]
    if unknown := sorted(variables - allowed):
        raise PromptError(
            f"提示词文件 {file_name} 用了 {stage} 阶段没有的变量：{'、'.join(unknown)}",
            f"可以用的变量：{'、'.join(sorted(allowed))}",
        )


def read_prompt(path: Path) -> Prompt:
    """Read and validate one prompt file.

    Raises:
        PromptError: names the file and the reason.
    """
    try:
        # Only then is it opened: a pipe would never end, and a huge file need not be read to be refused.
        if path.exists() and not path.is_file():
            raise PromptError(f"提示词文件 {path.name} 不是普通文件", "请把它移出提示词目录")
        if path.stat().st_size > _MOST_BYTES:
            megabytes = path.stat().st_size / 1e6
            raise PromptError(
                f"提示词文件 {path.name} 有 {megabytes:.1f} MB，太长", f"最多 {LONGEST_SOURCE:,} 字，请删短后重试"
            )
        source = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise PromptError(f"找不到提示词文件 {path.name}", f"请把它放到 {path.parent.name}/ 目录下") from error
    except UnicodeDecodeError as error:
        raise PromptError(f"提示词文件 {path.name} 不是 UTF-8 编码", "请另存为 UTF-8 后重试") from error
    except OSError as error:
        raise PromptError(f"读不了提示词文件 {path.name}（{system_reason(error)}）", "请检查文件权限") from error
    return parse_prompt(source.replace("\r\n", "\n"), path.name)


class PromptFolder(NamedTuple):
    """What a folder of prompt files holds.

    Attributes:
        prompts: by name, newest version first.
        unusable: ``{name of a file: why it cannot be used}``; these are left out, and do not stop the others.
    """

    prompts: tuple[Prompt, ...]
    unusable: Mapping[str, PromptError]

    def refusal_of(self, reference: str) -> PromptError | None:
        """Why the very version that is asked for (``baseline.v2``) cannot be used; ``None`` where no file says so."""
        return self.unusable.get(f"{reference}.md")

    def newest_version(self, name: str) -> int:
        """The highest version of a name, of files that cannot be used too; 0 where there is none."""
        names = [match for file in self.unusable if (match := _FILE_NAME.fullmatch(file)) and match["name"] == name]
        versions = [int(match["version"]) for match in names if len(match["version"]) <= _MOST_DIGITS]
        return max([*versions, *(prompt.version for prompt in self.prompts if prompt.name == name)], default=0)


@lru_cache(maxsize=32)
def prompt_folder(folder: Path = PROMPTS_DIR, name: str = "") -> PromptFolder:
    """Read the prompt files of a folder; cached for the process.

    Args:
        folder: where they are.
        name: of the prompt whose versions are read; ``""``: all files. Compiling one takes some 10 ms.
    """
    prompts: list[Prompt] = []
    unusable: dict[str, PromptError] = {}
    for path in sorted(folder.glob("*.md")):
        if name and not ((match := _FILE_NAME.fullmatch(path.name)) and match["name"] == name):
            continue
        try:
            prompts.append(read_prompt(path))
        except PromptError as error:
            unusable[path.name] = error
    prompts.sort(key=lambda prompt: (prompt.name, -prompt.version))
    return PromptFolder(tuple(prompts), unusable)


def name_in(reference: str) -> str:
    """The name in a reference to a prompt (``baseline``, ``baseline.v1``): none has a dot."""
    return reference.partition(".")[0]


def list_prompts(folder: Path = PROMPTS_DIR) -> tuple[Prompt, ...]:
    """All usable prompts of a folder by name, newest version first."""
    return prompt_folder(folder).prompts


def load_prompt(reference: str = "baseline", folder: Path = PROMPTS_DIR) -> Prompt:
    """The prompt with a name (newest version), or with a name and version (``baseline.v1``).

    Raises:
        PromptError: there is none, or it cannot be used.
    """
    for prompt in prompt_folder(folder, name_in(reference)).prompts:
        if reference in (prompt.name, prompt.id):
            return prompt
    if refusal := prompt_folder(folder).refusal_of(reference):
        raise refusal
    known = "、".join(prompt.id for prompt in list_prompts(folder))
    raise PromptError(f"没有名为「{reference}」的提示词", f"现有：{known or '无'}")
