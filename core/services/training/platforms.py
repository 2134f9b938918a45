"""Platforms that train: what each takes, as data (``data/platforms/*.toml``) with the source of every figure.

A figure without a value is unknown, which is said wherever it would matter and never taken for "no limit".
"""

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.domain.form.toml_file import parse_toml, read_source, refusal
from core.errors import ExportError, ShiyaoError
from core.services.training.length_limits import LengthLimit, LengthUnit
from core.services.training.row_formats import TrainingFormat

PLATFORMS_DIR = Path(__file__).resolve().parents[3] / "data" / "platforms"
USUAL_PLATFORM = "spark"
"""The platform that a set is composed for where nobody says another: the challenge's."""

FIGURES = {
    "least_rows": "最少行数",
    "most_rows": "最多行数",
    "most_characters": "每行最多字数",
    "most_tokens": "每行最多 token",
    "most_bytes": "文件大小上限",
}
"""Figures that each platform's file says, or says to be unknown, with their titles."""

_TABLES = {
    "format": "formats",
    "length": "lengths",
    "figure": "figures",
    "forbidden": "forbidden_keys",
    "limited": "limited_keys",
}
_KIND = "平台文件"
_Text = Annotated[str, Field(min_length=1)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PlatformFormat(_Entry):
    """A training format that a platform takes, and where its files are uploaded to (Chinese)."""

    name: TrainingFormat
    upload: _Text


class NamedLength(_Entry):
    """A length that a person can choose by name, such as that of one of the platform's models."""

    name: _Text
    title: _Text
    tokens: Annotated[int, Field(gt=0)]


class Figure(_Entry):
    """One number that a platform is known to ask for, or to which nobody has found a source.

    Attributes:
        name: a key of :data:`FIGURES`, ``advised_rows`` (it trains with fewer, but says that it helps little) or
            ``most_turns`` (questions and answers in a row).
        value: the number; ``None`` where it is unknown. Sizes are in bytes.
        formats: of which it is said; empty for all.
        source: who says so.
        dated: day of the source, or on which it was looked up where it has none.
        note: for people, Chinese.
    """

    name: Literal[
        "least_rows", "advised_rows", "most_rows", "most_characters", "most_tokens", "most_bytes", "most_turns"
    ]
    value: Annotated[int, Field(gt=0)] | None = None
    formats: tuple[TrainingFormat, ...] = ()
    source: str = ""
    dated: date | None = None
    note: str = ""


class ForbiddenKey(_Entry):
    """A key that may stand in no row, not in its messages either; why (Chinese), and who says so."""

    key: _Text
    why: _Text
    source: _Text
    dated: date


class LimitedKey(_Entry):
    """A key of messages that may stand in those of one role alone, with these numbers; who says so."""

    key: _Text
    role: _Text
    values: tuple[int, ...]
    source: _Text
    dated: date


class Platform(_Entry):
    """A platform that trains models.

    Attributes:
        name: of its file.
        title: for people.
        url: where its documents or its uploads are.
        files: endings of files that it takes.
        encodings: of these files.
        formats: that it takes, the usual one first.
        lengths: that can be chosen by name.
        figures: what is known and what is not.
        forbidden_keys: that its documents exclude.
        limited_keys: that its documents bind to a role and to some values.
    """

    name: _Text
    title: _Text
    url: _Text
    files: tuple[Literal["jsonl", "json", "csv"], ...]
    encodings: tuple[Literal["utf-8", "utf-8-sig"], ...]
    formats: tuple[PlatformFormat, ...]
    lengths: tuple[NamedLength, ...] = ()
    figures: tuple[Figure, ...]
    forbidden_keys: tuple[ForbiddenKey, ...] = ()
    limited_keys: tuple[LimitedKey, ...] = ()

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not self.formats:
            raise refusal("至少要有一段 [[format]]")
        if missing := [name for name in FIGURES if not any(figure.name == name for figure in self.figures)]:
            raise refusal(f"缺少数字 {'、'.join(missing)}；查不到的也写一段，说明没有查到")
        for number, figure in enumerate(self.figures):
            if figure.value is not None and not (figure.source and figure.dated):
                raise refusal("有 value 就要有 source 和 dated", "figures", number, "value")
            if figure.value is None and not figure.note:
                raise refusal("没有 value 就要在 note 里说明", "figures", number, "name")
        return self

    def figure(self, name: str, data_format: TrainingFormat | None = None) -> int | None:
        """A number by name, that of the format before that of all formats; ``None`` where it is unknown."""
        fitting = [
            figure
            for figure in self.figures
            if figure.name == name and (not figure.formats or data_format in figure.formats)
        ]
        return max(fitting, key=lambda figure: len(figure.formats)).value if fitting else None

    def upload_of(self, data_format: TrainingFormat) -> str:
        """Where files of a format are uploaded to, Chinese; ``""`` for a format that it does not take."""
        return next((one.upload for one in self.formats if one.name is data_format), "")

    @property
    def format_names(self) -> tuple[TrainingFormat, ...]:
        """The formats that it takes, the usual one first."""
        return tuple(one.name for one in self.formats)

    def row_limit(self, data_format: TrainingFormat | None = None) -> LengthLimit | None:
        """The longest row that it is known to take; ``None`` where no source says one."""
        for name, unit in (("most_characters", LengthUnit.CHARACTERS), ("most_tokens", LengthUnit.TOKENS)):
            if amount := self.figure(name, data_format):
                return LengthLimit(f"{self.title} {amount:,} {unit}", amount, unit)
        return None

    def unknown(self, data_format: TrainingFormat | None = None) -> list[str]:
        """Titles of the figures that nobody has found a source for, with what is known about them, Chinese."""
        clauses = []
        for name, title in FIGURES.items():
            if self.figure(name, data_format) is None:
                note = next((one.note for one in self.figures if one.name == name and one.value is None), "")
                clauses.append(f"{title}（{note}）" if note else title)
        return clauses


def platform_names() -> list[str]:
    """Names of all platforms, the usual one first."""
    names = sorted(path.stem for path in PLATFORMS_DIR.glob("*.toml"))
    return sorted(names, key=lambda name: name != USUAL_PLATFORM)


@lru_cache(maxsize=32)
def load_platform(name: str) -> Platform:
    """A platform by name, read once per process.

    Raises:
        ExportError: there is none of this name.
        FormError: its file cannot be used; names the line and the reason.
    """
    if name not in platform_names():
        raise ExportError(f"不认识平台「{name}」", f"可以是 {'、'.join(platform_names())}")
    path = PLATFORMS_DIR / f"{name}.toml"
    return parse_toml(read_source(path, _KIND), path.name, Platform, _TABLES, kind=_KIND)


def all_platforms() -> list[Platform]:
    """All platforms, the usual one first."""
    return [load_platform(name) for name in platform_names()]


def platforms_taking(data_format: TrainingFormat) -> list[Platform]:
    """The platforms that take a format; those whose usual format it is come first."""
    taking = [platform for platform in all_platforms() if data_format in platform.format_names]
    return sorted(taking, key=lambda platform: platform.format_names.index(data_format))


def platform_problems() -> list[str]:
    """What is wrong with the files of platforms, Chinese sentences that name file and line."""
    problems = []
    for name in platform_names():
        try:
            load_platform(name)
        except ShiyaoError as error:
            problems.append(str(error))
    return problems


@lru_cache(maxsize=1)
def named_lengths() -> dict[str, LengthLimit]:
    """Length limits by name, of all platforms; tokens are estimated on the high side."""
    return {
        length.name: LengthLimit(length.title, length.tokens, LengthUnit.TOKENS)
        for platform in all_platforms()
        for length in platform.lengths
    }


def least_rows_of(name: str = "", data_format: TrainingFormat | None = None) -> int:
    """Rows that a platform asks for at least, ``""`` being the usual one; 0 where it is unknown.

    Raises:
        ExportError: there is no such platform.
    """
    return load_platform(name or USUAL_PLATFORM).figure("least_rows", data_format) or 0
