"""The save file: a story as plain data for JSON, and back again, checked down to every value.

Version 2 shares what follows an edit (`rewords`, `wordings`). Version 1 held copies instead; it is still read.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NamedTuple, cast, get_args

from story_engine.errors import SaveError, SettingsError, StoryError
from story_engine.settings import Settings
from story_engine.stories.input import MAX_NOTE, MAX_NOTES, MAX_WISH
from story_engine.stories.lore import Lore, fits
from story_engine.stories.story import Finish, Key, LedgerEntry, Memory, Passage, Receipt, Story

FORMAT_FAMILY = "story-playground/"
FORMAT, FIRST_FORMAT = FORMAT_FAMILY + "2", FORMAT_FAMILY + "1"
AUTHORS = ("reader", "model")
MAX_TITLE = 200  # characters, in a file of somebody else's
LARGEST = 2**31
LATER_SETTINGS = {
    name: getattr(Settings(), name)
    for name in ("dry_multiplier", "guidance", "best_of", "unwanted", "for_children", "reading_level")
}
BROKEN = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, SettingsError)


class ReadStory(NamedTuple):
    """A story from a file, and what of the file could not be read."""

    story: Story
    notices: tuple[StoryError, ...]


def dump_story(story: Story) -> dict[str, Any]:
    """Plain data for JSON. What came later than the form is written where a story has it: other files stay as they were."""
    later = {"lore": [asdict(entry) for entry in story.lore], "figures": dict(story.figures)}
    return {
        "format": FORMAT,
        "uid": story.uid,
        "title": story.title,
        "current": story.current,
        "passages": [_dump_passage(passage) for passage in story.passages],
        "visited": [[parent, child] for parent, child in story.visited.items()],
        "wordings": [[first, shown] for first, shown in story.wordings.items()],
        "pins": [list(key) for key in story.pins],
        "characters": list(story.characters),
        "notes": list(story.notes),
        "memory": {
            "model": story.memory.model,
            "forgotten": sorted(map(list, story.memory.forgotten)),
            "ledger": [asdict(entry) for entry in story.memory.ledger],
        },
        **{name: value for name, value in later.items() if value},
    }


def _dump_passage(passage: Passage) -> dict[str, Any]:
    data = asdict(passage)
    if data["receipt"]:
        for later in ("healed", "guard", "wish"):
            if not data["receipt"][later]:
                del data["receipt"][later]
        settings = data["receipt"]["settings"]
        data["receipt"]["settings"] = {
            name: value for name, value in settings.items() if name not in LATER_SETTINGS or value != LATER_SETTINGS[name]
        }
    return data


def dump_json(data: Any) -> str:
    """A story's plain data as a save file holds it."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def is_encodable(text: str) -> bool:
    """Whether a text has no lone surrogates, which can be neither shown nor saved."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def load_story(data: Any) -> Story:
    """A story from plain data, as `read_story` reads it."""
    return read_story(data).story


def read_story(data: Any, *, is_own: bool = False) -> ReadStory:
    """A story from plain data. A file of this server's own may have a title and notes of any length.

    A receipt that cannot be read is left out, and a notice says so: the words do not depend on it.

    Raises:
        SaveError: this is no story of a known format, or a part of it is broken; the message says which.
    """
    if not isinstance(data, Mapping) or data.get("format") not in (FORMAT, FIRST_FORMAT):
        raise SaveError("This file is not a story saved by this playground.")
    try:
        return _read_story(_migrate(data) if data["format"] == FIRST_FORMAT else data, is_own)
    except BROKEN as error:
        raise SaveError(
            "This story file is damaged ({problem}). Use an earlier copy.", problem=f"{type(error).__name__}: {error}"
        ) from error


def _migrate(data: Mapping[str, Any]) -> dict[str, Any]:
    """Version 1 knew no wordings: its edits are versions with copies of what followed, and stay so."""
    return {**data, "format": FORMAT, "wordings": [], "passages": [{**item, "rewords": None} for item in data["passages"]]}


def _read_story(data: Mapping[str, Any], is_own: bool) -> ReadStory:
    story = Story(title=_text(data["title"], None if is_own else MAX_TITLE))
    if "uid" in data:  # a file to give away has none
        story.uid = uuid.UUID(_text(data["uid"], 36)).hex
    has_lost = False
    for number, item in enumerate(data["passages"]):
        receipt = _read_receipt(item["receipt"])
        has_lost |= receipt is None and item["receipt"] is not None
        story.passages.append(_read_passage(item, number, receipt))
    count = len(story.passages)
    story.current = _index(data["current"], count)
    if (story.current is None) != (count == 0):
        raise ValueError("no place in the story")
    _read_ways(story, data)
    story.pins = [_read_key(key, count) for key in data["pins"]]
    # Later additions: an older file has none.
    story.characters, story.notes = (_read_lines(data.get(name, []), is_own) for name in ("characters", "notes"))
    story.figures = {_text(key, MAX_TITLE): _number(looks, LARGEST) for key, looks in data.get("figures", {}).items()}
    story.lore = _read_lore(data.get("lore", []), is_own)
    memory = data["memory"]
    story.memory = Memory(
        _text(memory["model"], 100),
        frozenset(_read_key(key, count) for key in memory["forgotten"]),
        [_read_entry(entry, count) for entry in memory["ledger"]],
    )
    said = SaveError("Some passages no longer say how they came about; their words are all here.")
    return ReadStory(story, (said,) if has_lost else ())


def _read_ways(story: Story, data: Mapping[str, Any]) -> None:
    """Wordings and visited children, each held against the passages."""
    count, first_wording = len(story.passages), story.find_first_wording
    for passage in story.passages:
        if passage.rewords is not None:
            first = story.passages[_number(passage.rewords, passage.id)]
            if first.rewords is not None or first_wording(first.parent) != first_wording(passage.parent):
                raise ValueError(f"passage {passage.id} rewords no other")
    for first, shown in data["wordings"]:
        if story.passages[_number(shown, count)].rewords != _number(first, count):
            raise ValueError("a wording of another passage")
        story.wordings[first] = shown
    for parent, child in data["visited"]:
        if first_wording(story.passages[_number(child, count)].parent) != _index(parent, count):
            raise ValueError("a way that leads nowhere")
        story.visited[parent] = child


def _read_lines(lines: Any, is_own: bool) -> list[str]:
    if type(lines) is not list or (len(lines) > MAX_NOTES and not is_own):
        raise ValueError("notes")
    return [_text(line, None if is_own else MAX_NOTE) for line in lines]


def _read_lore(entries: Any, is_own: bool) -> list[Lore]:
    if type(entries) is not list:
        raise ValueError("lore")
    lore = [Lore(tuple(map(_text, entry["names"])), _text(entry["text"])) for entry in entries]
    if not (is_own or fits(lore)) or not all(entry.names for entry in lore):
        raise ValueError("lore")
    return lore


def _read_passage(item: Mapping[str, Any], number: int, receipt: Receipt | None) -> Passage:
    parent = _index(item["parent"], number)
    if _number(item["id"], number + 1) != number or item["author"] not in AUTHORS:
        raise ValueError(f"passage {number}")
    if type(item["edited"]) is not bool:
        raise ValueError(f"passage {number}")
    return Passage(
        id=number,
        parent=parent,
        author=item["author"],
        text=_text(item["text"]),
        tokens=tuple(_number(token, LARGEST) for token in item["tokens"]),
        receipt=receipt,
        finish=_finish(item["finish"]),
        edited=item["edited"],
        rewords=_index(item["rewords"], number),
    )


def _read_receipt(item: Any) -> Receipt | None:
    try:
        return None if item is None else _check_receipt(item)
    except BROKEN:
        return None


def _check_receipt(item: Mapping[str, Any]) -> Receipt:
    window_tokens, forgotten = _number(item["window_tokens"], LARGEST), _number(item["forgotten"], LARGEST)
    # Later additions: an older file has none.
    ending, loops = _index(item.get("ending"), LARGEST), _number(item.get("loops", 0), LARGEST)
    healed, settings = _number(item.get("healed", 0), LARGEST), Settings.from_dict(item["settings"])
    guard, wish = _text(item.get("guard", ""), 100), _text(item.get("wish", ""), MAX_WISH)
    return Receipt(_text(item["model"], 100), settings, window_tokens, forgotten, ending, loops, healed, guard, wish)


def _read_entry(item: Mapping[str, Any], count: int) -> LedgerEntry:
    if item["kind"] not in ("forgotten", "recalled"):
        raise ValueError("ledger")
    sentences = tuple(_read_key(key, count) for key in item["sentences"])
    return LedgerEntry(
        item["kind"], sentences, _number(item["tokens"], LARGEST), _text(item["reason"], 200), _number(item["passage"], count)
    )


def _read_key(key: Any, count: int) -> Key:
    passage, sentence = key
    return _number(passage, count), _number(sentence, LARGEST)


def _finish(value: Any) -> Finish:
    if value not in get_args(Finish):
        raise ValueError(f"finish {value!r}")
    return cast(Finish, value)


def _text(value: Any, longest: int | None = None) -> str:
    if type(value) is not str or (longest is not None and len(value) > longest):
        raise ValueError("not a text, or too long")
    if not is_encodable(value):
        raise ValueError("half a character")
    return value


def _number(value: Any, limit: int) -> int:
    if type(value) is not int or not 0 <= value < limit:
        raise ValueError(f"{value!r:.20} is not a number below {limit}")
    return value


def _index(value: Any, limit: int) -> int | None:
    return None if value is None else _number(value, limit)
