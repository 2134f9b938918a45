"""The image's steps, run in a clean root: ``make image-check``. Not among all tests, for it installs everything anew.

Where an engine is at hand, building the image says more. Here the script that the Dockerfile runs makes the environment
from uv's cache, without a network, in a root that has the system's programs and nothing of ours; the server then runs
as the image's user, with all but its folder of data read-only, until the image's own health check is content.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.serving import ROOT
from tests.packaging.test_image import context, instructions

UV = Path(sys.executable).with_name("uv")
LOCKS = ("requirements.lock", ".ci/build.lock")
LARGEST_MB = 1500


def why_no_clean_root() -> str:
    """``""`` if namespaces and a filled cache are at hand, else a sentence."""
    if os.getuid() or not all(map(shutil.which, ("unshare", "setpriv", "ip", "chroot"))):
        return "a clean root needs Linux, root, unshare, setpriv, ip and chroot"
    if subprocess.run(["unshare", "-mn", "true"], capture_output=True, check=False).returncode:
        return "no namespaces can be made here"
    command = [UV, "pip", "install", "--offline", "--dry-run", "--no-build", "--require-hashes", "--reinstall"]
    for lock in LOCKS:
        look = [*command, "--python", sys.executable, "-r", lock]
        if subprocess.run(look, cwd=ROOT, capture_output=True, check=False).returncode:
            return "uv's cache lacks what the locks name, and tests fetch nothing"
    return ""


def test_the_steps_of_the_image_make_a_server_that_is_well(tmp_path: Path) -> None:
    if reason := why_no_clean_root():
        pytest.skip(reason)
    root, source = tmp_path / "root", tmp_path / "source"
    root.mkdir()
    source.mkdir()
    cache = subprocess.run([UV, "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    health = next(rest for word, rest in instructions() if word == "HEALTHCHECK").partition("CMD ")[2]
    script = [
        str(ROOT / ".ci" / "image" / "clean_root"),
        str(context(source)),
        str(root),
        sys.base_prefix,
        str(UV),
        cache,
    ]
    done = subprocess.run(
        ["unshare", "-mn", "--propagation", "private", "sh", *script],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HEALTHCHECK": shlex.join(json.loads(health))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "没有能登录的管理员，所以没有启动" in done.stdout  # on all addresses: not before somebody can sign in
    assert "healthy as 10001" in done.stdout, done.stdout
    assert int(re.search(r"built: (\d+) MB", done.stdout)[1]) < LARGEST_MB  # type: ignore[index]
    assert "not its own:" not in done.stdout
