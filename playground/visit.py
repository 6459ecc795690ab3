"""The data between a browser and the server: what the browser remembers, and what the page shows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from story_engine import ENDINGS, MAX_TITLE, READING_LEVELS, WHEN, InputError, Settings, SettingsError, is_uid

MOST_ON_SHELF = 1000  # stories; a browser keeps far more than their titles take
MOST_MANNERS = 20  # to be added; more that a browser has are shown, so that none is lost
LONGEST_MARK = 40
ENDING = 5  # sentences that an end takes, unless the reader chooses another number


@dataclass(frozen=True)
class Visit:
    """What a browser remembers: its story's number, its settings, its model, and the stories it had before.

    Survives refresh and restart. `shelf` is number -> title, newest first. `removed` are the numbers of the stories that
    were put aside, the last one last: they can be brought back. `manners` are settings with names. `ending` is the number
    of sentences that an end takes. With `pinning`, a click on a sentence pins it. `unwanted` are words that no passage may
    say. `for_children` says whether all words are checked for children; None leaves that to the server.
    `reading_level` is one of `READING_LEVELS`. `pictures`, one of `WHEN`, says which passages have one. `language` comes with
    every request and is not remembered.
    The marks name what `memory.js` gave to the server: it merges an answer by them.
    """

    story: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    model: str = ""
    shelf: dict[str, str] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    manners: dict[str, dict[str, Any]] = field(default_factory=dict)
    ending: int = ENDING
    pinning: bool = False
    unwanted: tuple[str, ...] = ()
    pictures: str = WHEN[0]
    for_children: bool | None = None
    reading_level: str = READING_LEVELS[-1]
    language: str = ""
    shelf_mark: str = ""
    settings_mark: str = ""

    @classmethod
    def from_browser(cls, *memories: object) -> Visit:
        """A browser may send anything; a value that does not fit is ignored."""
        data: dict[str, Any] = {}
        for memory in memories:
            data |= memory if isinstance(memory, dict) else {}
        names = ("story", "settings", "model", "shelf", "removed", "manners", "ending")
        story, settings, model, shelf, removed, manners, ending = (data.get(name) for name in names)
        kept = manners.items() if isinstance(manners, dict) else ()
        return cls(
            story if isinstance(story, str) else "",
            settings if isinstance(settings, dict) else {},
            model if isinstance(model, str) else "",
            {uid: str(title) for uid, title in shelf.items() if is_uid(uid)} if isinstance(shelf, dict) else {},
            _read_removed(removed),
            {str(name): manner for name, manner in kept if isinstance(manner, dict)},
            ending if type(ending) is int and ending in ENDINGS else ENDING,
            data.get("pinning") is True,
            _read_unwanted(data.get("unwanted")),
            pictures=next((when for when in WHEN if when == data.get("pictures")), WHEN[0]),
            for_children=data.get("for_children") if type(data.get("for_children")) is bool else None,
            reading_level=next((one for one in READING_LEVELS if one == data.get("reading_level")), READING_LEVELS[-1]),
            shelf_mark=_read_mark(data.get("shelf_mark")),
            settings_mark=_read_mark(data.get("settings_mark")),
        )

    def story_memory(self) -> dict[str, Any]:
        """What the browser keeps of the stories."""
        kept = {"story": self.story, "shelf": self.shelf, "removed": list(self.removed)}
        return kept | ({"shelf_mark": self.shelf_mark} if self.shelf_mark else {})

    def preferences(self) -> dict[str, Any]:
        """What the browser keeps of the settings."""
        names = ("settings", "model", "manners", "ending", "pinning", "pictures", "reading_level")
        kept = {name: getattr(self, name) for name in names} | {"unwanted": list(self.unwanted)}
        kept |= {} if self.for_children is None else {"for_children": self.for_children}
        return kept | ({"settings_mark": self.settings_mark} if self.settings_mark else {})

    def after(self, view: View) -> Visit:
        """The same browser once it shows `view`: its story is the current one, and on the shelf."""
        removed = [uid for uid in self.removed if uid not in (view.story, view.removed)]
        removed += [view.removed] if view.removed else []
        shelf = {view.story: view.title} if view.story else {}
        shelf |= {uid: title for uid, title in self.shelf.items() if uid not in (view.story, *removed)}
        return replace(self, story=view.story, shelf=shelf, removed=tuple(removed))

    def name_apart(self, title: str) -> str:
        """A title that no story on the shelf has: two stories from one idea begin with the same words."""
        names = (f"{title[: MAX_TITLE - 6]} ({number})" for number in range(2, len(self.shelf) + 3))
        return title if title not in self.shelf.values() else next(name for name in names if name not in self.shelf.values())

    def check_shelf(self) -> None:
        """Whether one more story fits on the shelf: no other one may fall off it.

        Raises:
            InputError: the shelf is full.
        """
        if len(self.shelf) >= MOST_ON_SHELF:
            raise InputError(
                "Your shelf is full: it holds {most:,} stories. Remove one, then begin another.", most=MOST_ON_SHELF
            )


def _read_removed(removed: object) -> tuple[str, ...]:
    """The numbers of removed stories; a browser may still remember one alone, as earlier versions kept it."""
    numbers = removed if isinstance(removed, list) else [removed]
    return tuple(uid for uid in numbers if isinstance(uid, str) and is_uid(uid))


def _read_mark(mark: object) -> str:
    return mark if isinstance(mark, str) and len(mark) <= LONGEST_MARK else ""


def _read_unwanted(words: object) -> tuple[str, ...]:
    """A browser's list of unwanted words; nothing where it is none."""
    if not isinstance(words, list):
        return ()
    try:
        return Settings.from_dict({"unwanted": words}).unwanted
    except SettingsError:
        return ()


@dataclass(frozen=True)
class View:
    """All that a page shows of a story.

    `words` are the reader's words that have just gone into the story, `wish` is the one that a passage was just told by.
    `removed` is the number of a story that was just put aside.
    """

    story: str = ""
    book: str = ""
    meter: str = ""
    tree: str = ""
    tellings: str = ""
    title: str = ""
    characters: str = ""
    notes: str = ""
    lore: str = ""
    is_blank: bool = True
    is_writing: bool = False
    can_undo: bool = False
    can_redo: bool = False
    can_retry: bool = False
    words: str = ""
    wish: str = ""
    notice: str = ""
    removed: str = ""


@dataclass(frozen=True)
class Live:
    """The words so far of a passage that is being written; everything else on the page stays.

    `tellings` show them side by side, where there are several.
    """

    html: str
    text: str
    tellings: str = ""
