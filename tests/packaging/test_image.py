"""The image and the services around it: held against rules, without a container engine."""

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from core import secrets
from core.places import VAR_VARIABLE
from core.settings import OpenAISettings, Settings, SparkSettings
from tests.browser.serving import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
OF_PYTHON = {
    "PATH",
    "HOME",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
    "UV_COMPILE_BYTECODE",
    "UV_LINK_MODE",
    "UV_NO_CACHE",
}
OF_POSTGRES = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD_FILE"}


def own_variables() -> set[str]:
    """Variables that the program reads, and those that name files with their values."""
    kinds = (Settings, SparkSettings, OpenAISettings)
    names = {f"{kind.model_config['env_prefix']}{field}".upper() for kind in kinds for field in kind.model_fields}
    names |= {VAR_VARIABLE, secrets.HOSTS_VARIABLE}
    return names | {f"{name}_FILE" for name in names} | {secrets.FILE_VARIABLE}


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with their arguments, lines joined."""
    lines = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def last_stage() -> list[tuple[str, str]]:
    begins = [index for index, (word, _) in enumerate(instructions()) if word == "FROM"]
    return instructions()[begins[-1] :]


def compose(text: str = COMPOSE) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def validate(text: str) -> None:
    """Hold a file against the Compose specification.

    Raises:
        ValueError: it is not as the specification wants it.
    """
    PyCompose.from_json(json.dumps(compose(text))).validate()


def test_the_image_runs_as_nobody_special_and_says_whether_it_is_well() -> None:
    words = dict(last_stage())
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", words["USER"])
    assert "/_health" in words["HEALTHCHECK"] and words["EXPOSE"] == "8501"
    order = [word for word, _ in last_stage()]
    assert not {"RUN", "COPY"} & set(order[order.index("USER") :])


def test_the_image_is_pinned_and_names_no_index() -> None:
    images = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    assert all(re.fullmatch(r"python:3\.1[12]-slim-\w+", image) for image in images) and len(set(images)) == 1
    assert re.findall(r"https?://(?!127\.0\.0\.1:8501/_health)\S+", DOCKERFILE) == []
    build = (ROOT / ".ci/image/build").read_text(encoding="utf-8")
    installs = [line for line in build.splitlines() if "pip install" in line]
    assert len(installs) == 4 and all("--require-hashes" in line or "--no-index" in line for line in installs)
    assert "://" not in build and "index-url" not in build + DOCKERFILE
    assert [word for word, _ in instructions() if word in ("ADD", "ARG")] == []


def test_the_image_sets_only_variables_that_are_read_and_no_secret() -> None:
    names = {part.partition("=")[0] for word, rest in instructions() if word == "ENV" for part in shlex.split(rest)}
    assert names - OF_PYTHON - own_variables() == set()
    assert [name for name in names if secrets.is_key_name(name) or name.endswith(("_TOKEN", "_URL"))] == []


def context(folder: Path) -> Path:
    """What goes to the builder: the files of the working copy that ``.dockerignore`` lets through."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    kept = [line[1:] for line in lines if line.startswith("!")]
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in tracked.stdout.splitlines():
        if any(name == keep or name.startswith(f"{keep}/") for keep in kept) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def test_the_builder_gets_no_data_keys_or_history(tmp_path: Path) -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith(("#", "!"))] == ["*", "**/__pycache__"]
    assert [line for line in lines if line.startswith("!") and not (ROOT / line[1:]).exists()] == []
    files = [path.relative_to(tmp_path).as_posix() for path in context(tmp_path).rglob("*") if path.is_file()]
    assert "app.py" in files and "requirements.lock" in files
    unwelcome = ("*.db", "var/*", "secrets/*", "*secrets.toml", ".git/*", "tests/*", "*.pyc")
    assert [name for name in files if any(fnmatch(name, pattern) for pattern in unwelcome)] == []


def test_the_services_are_as_the_specification_wants_them() -> None:
    validate(COMPOSE)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("restart: unless", "restrat: unless"),
        ("condition: service_healthy", "condition: healthy"),
        ("interval: 5s", "interval: 5q"),
        ("secrets: [database_password]", "secrets: [nope]"),
        ("networks: [inside]", "networks: [gone]"),
    ],
)
def test_the_specification_is_asked_for_real(right: str, wrong: str) -> None:
    assert right in COMPOSE
    with pytest.raises(ValueError, match=r"\S"):
        validate(COMPOSE.replace(right, wrong))


def test_our_own_rules_for_the_services() -> None:
    whole = compose()
    services = whole["services"]
    assert set(services) == {"app", "worker", "database"}
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert {services[name]["image"] for name in ("app", "worker")} == {f"shiyao:{version}"}
    for name, service in services.items():
        variables = set(service["environment"])
        ours = own_variables() | {"TMPDIR"}
        assert variables - (OF_POSTGRES if name == "database" else ours) == set(), name
        assert name == "database" or service["volumes"] == [f"data:{service['environment']['TMPDIR']}"]
        assert not [word for word in variables if re.search(r"(?:PASSWORD|TOKEN|KEY|SECRET|URL)$", word)], (
            "secrets are files"
        )
        named = [value for value in service["environment"].values() if str(value).startswith("/run/secrets/")]
        assert sorted(value.rpartition("/")[2] for value in named) == sorted(service["secrets"]), name
        mounted = [volume.partition(":")[0] for volume in service["volumes"]]
        assert set(mounted) <= set(whole["volumes"]) and len(mounted) == 1
        assert "healthcheck" in service or name == "app", "the image's own"
        assert not service.get("privileged") and service["restart"] == "unless-stopped"
    for name in ("app", "worker"):
        # Streamlit, which reads [auth] in it, looks at no other kind of file.
        assert services[name]["environment"]["SHIYAO_SECRETS_FILE"].endswith(".toml")
        assert services[name]["read_only"] and services[name]["cap_drop"] == ["ALL"]
        assert services[name]["depends_on"] == {"database": {"condition": "service_healthy"}}
    # Only the pages are published, to this machine; the database is on a network of its own.
    assert [service.get("ports") for service in services.values()] == [["127.0.0.1:8501:8501"], None, None]
    assert services["database"]["networks"] == ["inside"] and whole["networks"]["inside"]["internal"] is True
    assert all(re.fullmatch(r"\./secrets/[a-z_.]+", secret["file"]) for secret in whole["secrets"].values())
    assert "secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    # pg_dump is not older than the server: both are of the same Debian.
    assert re.search(r"FROM python:3\.11-slim-(\w+)", DOCKERFILE)[1] == services["database"]["image"].rpartition("-")[2]  # type: ignore[index]
