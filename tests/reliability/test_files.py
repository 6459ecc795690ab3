"""Files: what is saved opens, what is broken is said, and nothing is written outside, whatever it is called."""

import errno
import json
import os
import random
import subprocess
import sys
import textwrap
import zipfile
from io import BytesIO
from xml.etree import ElementTree

import pytest

from playground.actions import Actions
from playground.engines import Engines
from playground.visit import View, Visit
from story_engine import FORMS, Library, Receipt, SaveError, Settings, Story, export_story
from story_engine.stories.opening import open_file
from story_engine.stories.savefile import dump_json, dump_story

TITLES = [
    "../../etc/passwd",
    "..",
    ".",
    "/",
    "\\",
    "C:\\Windows\\a",
    "con",
    "NUL",
    "aux.txt",
    "a/b",
    "a\\b",
    "a\0b",
    "a\nb",
    "a\rb",
    "~",
    "~root",
    "$HOME",
    "`id`",
    "$(id)",
    "; rm -rf ~",
    "| cat",
    "a" * 5000,
    "é" * 300,
    "🙂" * 100,
    "   ",
    "\t",
    "-rf",
    "--help",
    "*",
    "?",
    "<script>",
    '"',
    "'",
    "%2e%2e%2f",
    "%00",
    "a:b",
    "file:///etc/passwd",
    "\u202egpj.exe",
    "..\u2215x",
    "&amp;",
]


def make_story() -> Story:
    story = Story("Tom had a kite. It was red.", title="Kites")
    story.add(" He ran.", "model", tokens=(5, 6), receipt=Receipt("m", Settings(seed=3), 9, 0), finish="length")
    story.edit(1, " He fell.")
    story.pin((0, 1))
    story.notes = ["Tom is six."]
    return story


PRINTED = ["PDF", "booklet"]  # each takes half a second
QUICK_FORMS = [form for form in FORMS if form not in PRINTED]


def mutate(content: bytes, draw: random.Random) -> bytes:
    """A file with some bytes turned, lost, doubled or moved, or a value of another kind."""
    kind = draw.randrange(4)
    if kind == 0:
        places = draw.sample(range(len(content)), draw.randint(1, 4))
        return bytes(draw.randrange(256) if place in places else byte for place, byte in enumerate(content))
    start, end = sorted(draw.sample(range(len(content)), 2))
    if kind == 1:
        return content[:start]
    if kind == 2:
        return content[:start] + content[start:end] * draw.choice([0, 2, 3]) + content[end:]
    data = json.loads(content)
    place = draw.choice([data, *data["passages"], data["memory"], *(p["receipt"] for p in data["passages"] if p["receipt"])])
    odd = [None, True, -1, 2**70, 1.5, float("nan"), "x" * 1000, [], {}, [[]], "\ud800", [[0, 0, 0]], {"a": []}]
    place[draw.choice([*place])] = draw.choice(odd)
    return json.dumps(data).encode()


def test_of_five_hundred_mutated_files_each_opens_or_is_refused_in_a_line(tmp_path):
    draw, content, opened = random.Random(7), dump_json(dump_story(make_story())).encode(), 0
    path = tmp_path / "story.json"
    for _ in range(500):
        path.write_bytes(mutate(content, draw))
        try:
            story = open_file(path).story
        except SaveError:
            continue
        opened += 1
        assert all(passage.id in story.versions(passage.id) for passage in story.passages)
        dump_json(dump_story(story)).encode()
        for form in [*QUICK_FORMS, *(PRINTED if opened % 100 == 1 else [])]:
            export_story(story, form)
    assert 0 < opened < 500


@pytest.mark.parametrize("title", TITLES)
def test_a_hostile_title_is_no_path_and_breaks_no_form(tmp_path, title):
    library, story = Library(tmp_path / "stories"), Story("Tom ran.", title=title)
    library.save(story)
    assert [path.name for path in tmp_path.rglob("*")] == ["stories", f"{story.uid}.json"]
    assert Library(tmp_path / "stories").open(story.uid).story.title == title
    for form in [*QUICK_FORMS, *(PRINTED if title in TITLES[:3] else [])]:
        name, _, content = export_story(story, form)
        stem = name.split(".", 1)[0]
        assert stem
        assert stem.lower() not in ("con", "nul", "aux", "prn")
        assert len(name.encode()) < 255
        assert not {*name} & {*'/\\:*?"<>|\0\n\r~$`'}
        assert not name.startswith((".", "-"))
        assert story.uid.encode() not in content
    book = zipfile.ZipFile(BytesIO(export_story(story, "e-book")[2]))
    for part in book.namelist():
        if part.endswith((".xhtml", ".opf", ".xml")):
            ElementTree.fromstring(book.read(part))


class FullDisk:
    """A disk that has no room from the n-th write on."""

    def __init__(self, monkeypatch, first: int) -> None:
        self.left, self.fsync = first, os.fsync
        monkeypatch.setattr(os, "fsync", self)

    def __call__(self, handle: int) -> None:
        if self.left <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.left -= 1
        self.fsync(handle)


@pytest.mark.parametrize("first", range(8))
def test_a_disk_that_is_full_at_any_write_costs_no_word_and_is_said(scripted, tmp_path, monkeypatch, first):
    engine = scripted(" He ran to the park.<end>")
    actions = Actions(Engines(engine, engine.name), Library(tmp_path))
    FullDisk(monkeypatch, first)
    visit, notices = Visit(), []
    for act in (
        lambda visit: actions.start(visit, "Tom went out.", Settings(max_new_tokens=30)),
        lambda visit: actions.go_on(visit, "Mia came.", Settings(max_new_tokens=30)),
        lambda visit: iter([actions.edit(visit, 0, "Ben went out.")]),
        lambda visit: iter([actions.change(visit, Story.undo)]),
        lambda visit: iter([actions.change(visit, Story.redo)]),
    ):
        for view in act(visit):
            if isinstance(view, View):
                visit = Visit(story=view.story)
                notices.append(view.notice)
    assert actions.find(visit).story.text() == "Ben went out. He ran to the park.\nMia came. He ran to the park."
    assert any("No space left" in notice for notice in notices) == (first < 7)
    for path in tmp_path.glob("*.json"):
        json.loads(path.read_text())
    assert not [*tmp_path.glob("*.part")]


def test_killed_at_two_hundred_random_moments_of_saving_all_stories_open(tmp_path):
    """Processes that save without end are killed; each file is one whole story, and no turn older than the last one said."""
    program = textwrap.dedent("""
        import os, sys
        from pathlib import Path
        from story_engine import Story
        from story_engine.stories.library import Library
        library = Library(Path(sys.argv[1]))
        print("ready", flush=True)
        for line in sys.stdin:
            number, delay = line.split()
            told, said = os.pipe()
            child = os.fork()
            if child == 0:
                story = Story("0")
                story.uid = f"{int(number):032x}"
                for turn in range(1, 10_000):
                    library.save(story)
                    os.write(said, b"%8d" % len(story.passages))
                    story.add(f" word {turn}" * 50)
                    library.save_journal(story, [" and so on"])
            import signal, time
            first = os.read(told, 8)
            time.sleep(float(delay))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(said)
            rest = first + b"".join(iter(lambda: os.read(told, 1 << 16), b""))
            os.close(told)
            print(number, int(rest[-8:]), flush=True)
    """)
    draw = random.Random(3)
    orders = "".join(f"{number} {draw.uniform(0, 0.02)}\n" for number in range(200))
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(tmp_path)],
        input=orders,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert run.returncode == 0, run.stderr
    library, lines = Library(tmp_path), run.stdout.splitlines()[1:]
    assert len(lines) == 200
    for line in lines:
        number, said = map(int, line.split())
        story = library.open(f"{number:032x}").story
        told = [passage for passage in story.passages if passage.text != " and so on"]
        assert 0 <= len(told) - said <= 1
        assert story.text().startswith("".join(passage.text for passage in told))


def test_a_full_library_takes_nothing_new_says_so_and_keeps_all(scripted, tmp_path):
    engine = scripted(" He ran.<end>")
    actions = Actions(Engines(engine, engine.name), Library(tmp_path, max_stories=2))
    visits = []
    for _ in range(2):
        views = [view for view in actions.start(Visit(), "Tom went out.", Settings(max_new_tokens=9)) if isinstance(view, View)]
        visits.append(Visit(story=views[-1].story))
    for refuse in (
        lambda: list(actions.start(Visit(), "Mia went out.", Settings(max_new_tokens=9))),
        lambda: actions.adopt(Story("Opened."), Visit()),
        lambda: actions.library.duplicate(visits[0].story),
    ):
        with pytest.raises(SaveError, match="room"):
            refuse()
    assert len([*tmp_path.glob("*.json")]) == 2
    list(actions.go_on(visits[0], "And then?", Settings(max_new_tokens=9)))
    assert "And then?" in Library(tmp_path).open(visits[0].story).story.text()


def test_a_librarys_bytes_are_bounded_also_after_a_restart(tmp_path):
    library = Library(tmp_path, max_bytes=5_000)
    library.save(Story("Tom " * 2_000))
    for again in (library, Library(tmp_path, max_bytes=5_000)):
        with pytest.raises(SaveError, match="room"):
            again.duplicate(next(tmp_path.glob("*.json")).stem)
