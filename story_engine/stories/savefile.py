"""The save file: a story as plain data for JSON, and back again, checked down to every value."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from story_engine.errors import SaveError, SettingsError
from story_engine.settings import Settings
from story_engine.stories.input import MAX_NOTE, MAX_NOTES
from story_engine.stories.story import Key, LedgerEntry, Memory, Passage, Receipt, Story

FORMAT = "story-playground/1"
AUTHORS = ("reader", "model")
MAX_CHARACTERS = 4_000_000  # in all passages together
LARGEST = 2**31


def dump_story(story: Story) -> dict[str, Any]:
    """Plain data for JSON."""
    return {
        "format": FORMAT,
        "uid": story.uid,
        "title": story.title,
        "current": story.current,
        "passages": [asdict(passage) for passage in story.passages],
        "visited": [[parent, child] for parent, child in story.visited.items()],
        "pins": [list(key) for key in story.pins],
        "characters": list(story.characters),
        "notes": list(story.notes),
        "memory": {
            "model": story.memory.model,
            "forgotten": sorted(map(list, story.memory.forgotten)),
            "ledger": [asdict(entry) for entry in story.memory.ledger],
        },
    }


def dump_json(data: Any) -> str:
    """A story's plain data as a save file holds it."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def load_story(data: Any) -> Story:
    """A story from plain data.

    Raises:
        SaveError: this is no story of a known format, or a part of it is broken; the message says which.
    """
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        raise SaveError("This file is not a story saved by this playground.")
    try:
        return _read_story(data)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, SettingsError) as error:
        raise SaveError(
            "This story file is damaged ({problem}). Use an earlier copy.", problem=f"{type(error).__name__}: {error}"
        ) from error


def _read_story(data: Mapping[str, Any]) -> Story:
    story = Story(title=_text(data["title"], 200))
    story.uid = uuid.UUID(_text(data["uid"], 36)).hex
    story.passages = [_read_passage(item, number) for number, item in enumerate(data["passages"])]
    if sum(len(passage.text) for passage in story.passages) > MAX_CHARACTERS:
        raise ValueError("too long")
    count = len(story.passages)
    story.current = _index(data["current"], count)
    if (story.current is None) != (count == 0):
        raise ValueError("no place in the story")
    for parent, child in data["visited"]:
        if story.passages[_number(child, count)].parent != _index(parent, count):
            raise ValueError("a way that leads nowhere")
        story.visited[parent] = child
    story.pins = [_read_key(key, count) for key in data["pins"]]
    # Later additions: an older file has none.
    story.characters, story.notes = (_read_lines(data.get(name, [])) for name in ("characters", "notes"))
    memory = data["memory"]
    story.memory = Memory(
        _text(memory["model"], 100),
        frozenset(_read_key(key, count) for key in memory["forgotten"]),
        [_read_entry(entry, count) for entry in memory["ledger"]],
    )
    return story


def _read_lines(lines: Any) -> list[str]:
    if type(lines) is not list or len(lines) > MAX_NOTES:
        raise ValueError("notes")
    return [_text(line, MAX_NOTE) for line in lines]


def _read_passage(item: Mapping[str, Any], number: int) -> Passage:
    parent = _index(item["parent"], number)
    if _number(item["id"], number + 1) != number or item["author"] not in AUTHORS:
        raise ValueError(f"passage {number}")
    if type(item["edited"]) is not bool:
        raise ValueError(f"passage {number}")
    return Passage(
        id=number,
        parent=parent,
        author=item["author"],
        text=_text(item["text"], MAX_CHARACTERS),
        tokens=tuple(_number(token, LARGEST) for token in item["tokens"]),
        receipt=None if item["receipt"] is None else _read_receipt(item["receipt"]),
        finish=_text(item["finish"], 20),
        edited=item["edited"],
    )


def _read_receipt(item: Mapping[str, Any]) -> Receipt:
    window_tokens, forgotten = _number(item["window_tokens"], LARGEST), _number(item["forgotten"], LARGEST)
    # Later additions: an older file has none.
    ending, loops = _index(item.get("ending"), LARGEST), _number(item.get("loops", 0), LARGEST)
    return Receipt(_text(item["model"], 100), Settings.from_dict(item["settings"]), window_tokens, forgotten, ending, loops)


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


def _text(value: Any, longest: int) -> str:
    if type(value) is not str or len(value) > longest:
        raise ValueError("not a text, or too long")
    value.encode("utf-8")  # a lone surrogate can be neither shown nor saved
    return value


def _number(value: Any, limit: int) -> int:
    if type(value) is not int or not 0 <= value < limit:
        raise ValueError(f"{value!r:.20} is not a number below {limit}")
    return value


def _index(value: Any, limit: int) -> int | None:
    return None if value is None else _number(value, limit)
