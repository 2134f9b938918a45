"""``pyproject.toml`` names every package that the code imports, and no other."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.repository.syntax import tree_of

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OWN = {"core", "tests", "bench"}

LOADED_BY_NAME = {"authlib": "Streamlit signs in with it, where an identity provider is configured"}
"""Dependencies that no module imports, each with its reason."""

TOOLS = {
    "cogapp",
    "hatchling",
    "import-linter",
    "mypy",
    "oidc-provider-mock",
    "pandas-stubs",
    "pytest-timeout",
    "pytest-xdist",
    "ruff",
    "types-openpyxl",
    "zensical",
}
"""Development dependencies that are run (or read by mypy) and not imported by tests."""


def plain(requirement: str) -> str:
    """A requirement's name, normalised: ``psycopg[binary]`` → ``psycopg``."""
    name = re.match(r"[A-Za-z0-9_.-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name[0].split("==")[0]).lower()


_owners = cache(packages_distributions)  # looks through the folders of all packages


def third_party(files: Iterable[Path]) -> dict[str, str]:
    """Distributions that files import, each with one file that does."""
    owners = _owners()
    imported: dict[str, str] = {}
    for file in files:
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [node.module]
            else:
                continue
            for package in {module.split(".")[0] for module in modules} - OWN - sys.stdlib_module_names:
                assert package in owners, f"{file}: {package} is not installed"
                # Several distributions may share a package (google): the one that is named is meant.
                owner = min(map(plain, owners[package]), key=lambda name: name not in NAMED)
                imported[owner] = str(file.relative_to(ROOT))
    return imported


def python_files(*folders: str) -> list[Path]:
    return [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]


DEPENDENCIES = {plain(requirement) for requirement in PROJECT["dependencies"]}
EXTRAS = {name: {plain(each) for each in wanted} for name, wanted in PROJECT["optional-dependencies"].items()}
NAMED = DEPENDENCIES.union(*EXTRAS.values())


def test_what_the_app_imports_is_named() -> None:
    imported = third_party([*python_files("core", "pages"), ROOT / "app.py"])
    allowed = DEPENDENCIES | EXTRAS["embedding"] | EXTRAS["hub"] | EXTRAS["mlflow"]
    assert {name: file for name, file in imported.items() if name not in allowed} == {}


def test_what_is_named_is_imported() -> None:
    imported = third_party([*python_files("core", "pages"), ROOT / "app.py"])
    assert DEPENDENCIES - set(imported) == set(LOADED_BY_NAME)


def test_development_dependencies_are_those_of_tests_and_bench() -> None:
    imported = third_party(python_files("tests", "bench", ".ci"))
    assert {name: file for name, file in imported.items() if name not in DEPENDENCIES | EXTRAS["dev"]} == {}
    assert EXTRAS["dev"] - set(imported) == TOOLS


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", ".ci/uv.lock", ".ci/build.lock"])
def test_a_lock_holds_names_versions_and_hashes_only(lock: str) -> None:
    line = re.compile(r"""[a-z0-9.\[\]-]+==[^\s@]+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?""")
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    assert [each for each in lines if not line.fullmatch(each)] == []


@pytest.mark.parametrize(
    ("lock", "extras"), [("requirements.lock", ()), ("requirements-dev.lock", ("dev", "embedding", "hub", "mlflow"))]
)
def test_everything_named_is_locked(lock: str, extras: tuple[str, ...]) -> None:
    locked = set(re.findall(r"^([a-z0-9.-]+)", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE))
    wanted = DEPENDENCIES.union(*(EXTRAS[extra] for extra in extras))
    assert wanted - locked == set()
