"""The library: what is on disk is always one whole story, and only its number opens it."""

import errno
import json
import os
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from story_engine import Receipt, SaveError, Settings, Story
from story_engine.stories.library import JOURNAL, PART_AGE, Library, OpenStory
from story_engine.stories.opening import MAX_FILE_BYTES, read_json


def test_a_restart_finds_every_story(tmp_path):
    story = Story("Tom went out. 🙂", title="Tom")
    story.add(" He ran.", "model", tokens=(1, 2), finish="stopped")
    story.undo()
    Library(tmp_path).save(story)
    again = Library(tmp_path).open(story.uid).story
    assert again.text() == "Tom went out. 🙂"
    again.redo()
    assert again.text() == "Tom went out. 🙂 He ran."


@pytest.mark.parametrize("uid", ["", "../../etc/passwd", "a" * 31, "A" * 32, "g" * 32, None, 5, "0" * 32, "0" * 31 + "\n"])
def test_only_a_known_number_opens_a_story(tmp_path, uid):
    library = Library(tmp_path)
    library.save(Story("Tom"))
    assert library.open(uid) is None


def test_one_story_is_one_object_for_all_who_open_it(tmp_path):
    library, story = Library(tmp_path), Story("Tom")
    library.adopt(OpenStory(story))
    assert library.open(story.uid) is library.open(story.uid)


def test_stories_left_alone_are_let_go_but_not_lost(tmp_path, monkeypatch):
    monkeypatch.setattr("story_engine.stories.library.MAX_OPEN", 3)
    library, stories = Library(tmp_path), [Story(f"Story {number}") for number in range(6)]
    for story in stories:
        library.save(story)
        library.adopt(OpenStory(story))
    assert len(library._open) <= 4
    assert [library.open(story.uid).story.text() for story in stories] == [story.text() for story in stories]


STEPS = ["tempfile.NamedTemporaryFile", "os.fsync", "pathlib.Path.replace"]


@pytest.mark.parametrize("step", STEPS)
def test_a_full_disk_keeps_the_old_file_and_leaves_nothing_behind(tmp_path, monkeypatch, step):
    library, story = Library(tmp_path), Story("Tom")
    library.save(story)
    before = (tmp_path / f"{story.uid}.json").read_bytes()
    story.add(" ran.")

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(step, fail)
    with pytest.raises(SaveError, match="No space left"):
        library.save(story)
    with pytest.raises(SaveError, match="No space left"):
        library.save_journal(story, [" He"])
    assert [path.name for path in tmp_path.iterdir()] == [f"{story.uid}.json"]
    assert (tmp_path / f"{story.uid}.json").read_bytes() == before
    assert story.text() == "Tom ran."


def test_what_the_disk_had_no_room_for_stays_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("story_engine.stories.library.MAX_OPEN", 2)
    library, story = Library(tmp_path), Story("Tom")
    library.adopt(OpenStory(story))
    with monkeypatch.context() as full:
        full.setattr("os.fsync", fail_for_want_of_space)
        with pytest.raises(SaveError):
            library.save(story)
    for number in range(5):
        library.adopt(OpenStory(Story(f"Story {number}")))
    assert library.open(story.uid).story is story
    library.save(story)
    for number in range(5):
        library.adopt(OpenStory(Story(f"Story {number}")))
    assert library.open(story.uid).story.text() == "Tom"


def test_a_story_opens_while_there_is_no_room_to_save_what_was_recovered(tmp_path, monkeypatch):
    library, story = Library(tmp_path), Story("Tom ran.")
    library.save(story)
    library.save_journal(story, [" He fell"])
    monkeypatch.setattr("os.fsync", fail_for_want_of_space)
    assert Library(tmp_path).open(story.uid).story.text() == "Tom ran. He fell"
    assert (tmp_path / f"{story.uid}{JOURNAL}").is_file()


def fail_for_want_of_space(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_half_a_character_is_not_saved_and_is_said(tmp_path):
    library, story = Library(tmp_path), Story("Tom")
    library.save(story)
    story.add(" \ud800")
    with pytest.raises(SaveError, match="could not be saved"):
        library.save(story)
    assert [path.name for path in tmp_path.iterdir()] == [f"{story.uid}.json"]
    assert Library(tmp_path).open(story.uid).story.text() == "Tom"


def test_what_was_saved_can_be_opened_however_large(tmp_path):
    story = Story("Tom ran. " * 200_000, title="x" * 500)
    for _ in range(4):
        story.add(" He ran. " * 230_000, "model")
    story.notes = ["x" * 1000] * 50
    library = Library(tmp_path)
    library.save(story)
    assert (tmp_path / f"{story.uid}.json").stat().st_size > MAX_FILE_BYTES
    again = Library(tmp_path).open(story.uid).story
    assert (again.text(), again.title, again.notes) == (story.text(), story.title, story.notes)
    assert library.duplicate(story.uid).notes == story.notes


def test_a_receipt_that_was_lost_is_said(tmp_path):
    story = Story("Tom")
    story.add(" ran.", "model", receipt=Receipt("m", Settings(), 1, 0))
    path = tmp_path / f"{story.uid}.json"
    Library(tmp_path).save(story)
    path.write_text(path.read_text().replace('"top_k"', '"top_q"'))
    entry = Library(tmp_path).open(story.uid)
    assert entry.story.text() == "Tom ran."
    assert len(entry.notices) == 1


def test_what_a_crash_left_half_written_goes_after_a_while(tmp_path):
    for name, age in {".old.part": 2 * PART_AGE, ".new.part": 0, "a.json": 2 * PART_AGE}.items():
        (tmp_path / name).write_text("{")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    Library(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".new.part", "a.json"}


def test_of_many_damaged_files_each_is_said_and_the_others_open(tmp_path, monkeypatch):
    monkeypatch.setattr("os.fsync", lambda _: None)  # a busy disk takes seconds for each
    library, random, stories = Library(tmp_path), Random(3), []
    for number in range(210):
        stories.append(Story(f"Tom had {number} balls. He ran."))
        stories[-1].add(" He fell.", "model", tokens=(1, 2), receipt=Receipt("m", Settings(), 1, 0))
        stories[-1].edit(0, "Mia ran.")
        library.save(stories[-1])
    for story in stories[:200]:
        path = tmp_path / f"{story.uid}.json"
        content = bytearray(path.read_bytes())
        for _ in range(random.randint(1, 4)):
            place = random.randrange(len(content))
            if random.random() < 0.3:
                del content[place:]
                break
            content[place] = random.randrange(256)
        path.write_bytes(content)
    library, said = Library(tmp_path), 0
    for story in stories[:200]:
        with suppress(SaveError):  # said in words; any other exception fails the test
            said += 1
            library.open(story.uid).story.text()
            said -= 1
    assert said > 100
    assert all(library.open(story.uid).story.text() == story.text() for story in stories[200:])


@pytest.mark.parametrize(
    "journal", [b"", b"{", b"[]", b"3", b'{"passages":1}', b'{"passages":1,"texts":[3,"\\ud800"]}', b"\xff"]
)
def test_a_damaged_journal_costs_no_story(tmp_path, journal):
    story = Story("Tom ran.")
    Library(tmp_path).save(story)
    (tmp_path / f"{story.uid}{JOURNAL}").write_bytes(journal)
    assert Library(tmp_path).open(story.uid).story.text() == "Tom ran."


def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SaveError, match="another folder"):
        Library(tmp_path / "file")
    with pytest.raises(SaveError, match="another folder"):
        Library(Path("~nobody-of-that-name/stories"))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"{}"])
def test_a_damaged_file_is_refused_in_words(tmp_path, content):
    story = Story("Tom")
    (tmp_path / f"{story.uid}.json").write_bytes(content)
    with pytest.raises(SaveError):
        Library(tmp_path).open(story.uid)


def test_killed_at_any_step_of_a_write_the_file_is_one_whole_story(tmp_path):
    """A process saves a story and is killed before or behind each step of it; the old or the new one lies there."""
    program = textwrap.dedent("""
        import os, signal, sys
        from pathlib import Path
        import tempfile
        from story_engine import Story
        from story_engine.stories.library import Library

        library, story = Library(Path(sys.argv[1])), Story("0")
        story.uid = "a" * 32
        library.save(story)
        story.add(" word" * 20_000)
        class Dying:
            def __init__(self, step, does_it):
                self.step, self.does_it = step, does_it
            def __get__(self, owner, _=None):
                return lambda *given, **named: self(*([owner] if owner else []), *given, **named)
            def __call__(self, *given, **named):
                if self.does_it:
                    self.step(*given, **named)
                os.kill(os.getpid(), signal.SIGKILL)
        steps = [(tempfile, "NamedTemporaryFile"), (os, "fsync"), (Path, "replace"), (Path, "unlink")]
        for owner, name in steps:
            for does_it in (False, True):
                if os.fork() == 0:
                    setattr(owner, name, Dying(getattr(owner, name), does_it))
                    library.save(story)
                    os._exit(7)
                assert os.WIFSIGNALED(os.wait()[1]), name
                again = Library(library.folder).open("a" * 32).story.text()
                print(name, does_it, {"0": "old", story.text(): "new"}[again])
    """)
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr
    found = [line.split() for line in run.stdout.splitlines()]
    assert [line[2] for line in found] == ["old"] * 5 + ["new"] * 3


def test_json_of_others_is_refused(tmp_path):
    (tmp_path / "x.json").write_text(json.dumps({"format": "other"}))
    assert read_json(tmp_path / "x.json") == {"format": "other"}
    (tmp_path / ("b" * 32 + ".json")).write_text(json.dumps({"format": "other"}))
    with pytest.raises(SaveError, match="not a story"):
        Library(tmp_path).open("b" * 32)


def test_words_cut_off_by_a_crash_are_there_again(tmp_path):
    story = Story("Tom ran.")
    library = Library(tmp_path)
    library.save(story)
    library.save_journal(story, [" He fell and"])
    again = Library(tmp_path).open(story.uid).story
    assert again.text() == "Tom ran. He fell and"
    assert (again.last().author, again.last().finish) == ("model", "stopped")
    assert Library(tmp_path).open(story.uid).story.text() == again.text()  # once, not twice


def test_all_tellings_cut_off_by_a_crash_are_there_again(tmp_path):
    story = Story("Tom ran.")
    library = Library(tmp_path)
    library.save(story)
    library.save_journal(story, [" He fell", "", " He hid"])  # the second had no word yet
    again = Library(tmp_path).open(story.uid).story
    assert again.text() == "Tom ran. He fell"
    assert [again.passages[number].text for number in again.versions(again.current)] == [" He fell", " He hid"]


def test_a_journal_of_a_passage_that_was_finished_is_dropped(tmp_path):
    story = Story("Tom ran.")
    library = Library(tmp_path)
    library.save(story)
    library.save_journal(story, [" He fell and"])
    journal = next(tmp_path.glob("*.draft")).read_bytes()
    story.add(" He fell and cried.", "model")
    library.save(story)
    assert not list(tmp_path.glob("*.draft"))
    (tmp_path / f"{story.uid}.draft").write_bytes(journal)  # as if the crash came between the two
    assert Library(tmp_path).open(story.uid).story.text() == "Tom ran. He fell and cried."
