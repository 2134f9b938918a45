"""Versions of the program, Python and important packages, for bug reports."""

import platform
import tomllib
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

from core.places import IS_INSTALLED, ROOT

_PACKAGES = ("streamlit", "spark-ai-python", "openai", "sqlmodel")


@lru_cache(maxsize=1)
def software_versions() -> dict[str, str]:
    """``{name: version}`` of the program, Python, and the packages that matter for bug reports."""
    versions = {"拾要": _own_version(), "Python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "未安装"
    return versions


def _own_version() -> str:
    if IS_INSTALLED:
        return version("shiyao")
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
