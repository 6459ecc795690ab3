"""The library: what is on disk is always one whole story, and only its number opens it."""

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from story_engine import SaveError, Story
from story_engine.stories.library import MAX_FILE_BYTES, Library, OpenStory, read_json


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


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
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
    assert [path.name for path in tmp_path.iterdir()] == [f"{story.uid}.json"]
    assert (tmp_path / f"{story.uid}.json").read_bytes() == before
    assert story.text() == "Tom ran."


def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SaveError, match="another folder"):
        Library(tmp_path / "file")
    with pytest.raises(SaveError, match="another folder"):
        Library(Path("~nobody-of-that-name/stories"))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"{}", b"x" * (MAX_FILE_BYTES + 1)])
def test_a_damaged_file_is_refused_in_words(tmp_path, content):
    story = Story("Tom")
    (tmp_path / f"{story.uid}.json").write_bytes(content)
    with pytest.raises(SaveError):
        Library(tmp_path).open(story.uid)


def test_killed_at_any_moment_the_file_is_one_whole_story(tmp_path):
    """A process saves longer and longer stories and is killed; what lies there opens, five times."""
    program = textwrap.dedent("""
        import sys
        from pathlib import Path
        from story_engine import Story
        from story_engine.stories.library import Library
        library, story = Library(Path(sys.argv[1])), Story("0")
        story.uid = "a" * 32
        library.save(story)
        print("ready", flush=True)
        while True:
            story.add(" word" * 200)
            library.save(story)
    """)
    for attempt in range(5):
        process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, cwd=os.getcwd())
        assert process.stdout.readline() == b"ready\n"
        try:
            process.wait(0.006 * attempt)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.wait()
        assert Library(tmp_path).open("a" * 32).story.text().startswith("0")


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
    library.save_draft(story, [" He fell and"])
    again = Library(tmp_path).open(story.uid).story
    assert again.text() == "Tom ran. He fell and"
    assert (again.last().author, again.last().finish) == ("model", "stopped")
    assert Library(tmp_path).open(story.uid).story.text() == again.text()  # once, not twice


def test_all_tellings_cut_off_by_a_crash_are_there_again(tmp_path):
    story = Story("Tom ran.")
    library = Library(tmp_path)
    library.save(story)
    library.save_draft(story, [" He fell", "", " He hid"])  # the second had no word yet
    again = Library(tmp_path).open(story.uid).story
    assert again.text() == "Tom ran. He fell"
    assert [again.passages[number].text for number in again.versions(again.current)] == [" He fell", " He hid"]


def test_a_draft_of_a_passage_that_was_finished_is_dropped(tmp_path):
    story = Story("Tom ran.")
    library = Library(tmp_path)
    library.save(story)
    library.save_draft(story, [" He fell and"])
    draft = next(tmp_path.glob("*.draft")).read_bytes()
    story.add(" He fell and cried.", "model")
    library.save(story)
    assert not list(tmp_path.glob("*.draft"))
    (tmp_path / f"{story.uid}.draft").write_bytes(draft)  # as if the crash came between the two
    assert Library(tmp_path).open(story.uid).story.text() == "Tom ran. He fell and cried."
