"""The Dockerfile: a linter's rules, and its steps in a fresh root where that is asked for."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.test_architecture import ROOT

ASKED = "STORY_PLAYGROUND_CONTAINER"


@pytest.mark.skipif(not shutil.which("hadolint"), reason="hadolint is not installed")
def test_the_dockerfile_is_clean():
    linted = subprocess.run(["hadolint", ROOT / "Dockerfile"], capture_output=True, text=True)
    assert (linted.returncode, linted.stdout) == (0, "")


@pytest.mark.container
@pytest.mark.skipif(ASKED not in os.environ, reason=f"takes minutes: set {ASKED}=1, as root and with debootstrap")
def test_the_dockerfiles_steps_make_a_page_that_tells_a_story():
    subprocess.run([sys.executable, ROOT / ".ci" / "container.py"], check=True, timeout=1800)
