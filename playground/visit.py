"""What travels between a browser and the server: what the browser remembers, and what the page shows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from story_engine import ENDINGS, is_uid

MOST_ON_SHELF = 50
MOST_MANNERS = 20
ENDING = 5  # sentences in which a story is brought to its end, unless the reader says otherwise


@dataclass(frozen=True)
class Visit:
    """What a browser remembers: its story's number, its settings, its model, and the stories it had before.

    Survives refresh and restart. `shelf` is number -> title, newest first; `removed` the number of the story last put
    aside, which can be brought back; `manners` are settings kept under names; `ending` the sentences that an end is to
    take; `pinning` whether a click on a sentence pins it. `language` is not remembered: every request says it.
    """

    story: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    model: str = ""
    shelf: dict[str, str] = field(default_factory=dict)
    removed: str = ""
    manners: dict[str, dict[str, Any]] = field(default_factory=dict)
    ending: int = ENDING
    pinning: bool = False
    language: str = ""

    @classmethod
    def from_browser(cls, *memories: object) -> Visit:
        """A browser may send anything; what does not fit counts as never said."""
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
            removed if isinstance(removed, str) and is_uid(removed) else "",
            {str(name): manner for name, manner in list(kept)[:MOST_MANNERS] if isinstance(manner, dict)},
            ending if type(ending) is int and ending in ENDINGS else ENDING,
            data.get("pinning") is True,
        )

    def story_memory(self) -> dict[str, Any]:
        """What the browser keeps of the stories."""
        return {"story": self.story, "shelf": self.shelf, "removed": self.removed}

    def preferences(self) -> dict[str, Any]:
        """What the browser keeps of the settings."""
        names = ("settings", "model", "manners", "ending", "pinning")
        return {name: getattr(self, name) for name in names}

    def after(self, view: View) -> Visit:
        """The same browser, now with the story of `view` in hand and on its shelf."""
        removed = self.removed if view.removed is None else view.removed
        shelf = {view.story: view.title} if view.story else {}
        shelf |= {uid: title for uid, title in self.shelf.items() if uid not in (view.story, removed)}
        return replace(self, story=view.story, shelf=dict(list(shelf.items())[:MOST_ON_SHELF]), removed=removed)


@dataclass(frozen=True)
class View:
    """All that a page shows of a story. `removed` is the number of one put aside just now, "" once it is back."""

    story: str = ""
    book: str = ""
    meter: str = ""
    tree: str = ""
    ways: str = ""
    title: str = ""
    characters: str = ""
    notes: str = ""
    is_blank: bool = True
    is_writing: bool = False
    can_undo: bool = False
    can_redo: bool = False
    can_retry: bool = False
    notice: str = ""
    removed: str | None = None


@dataclass(frozen=True)
class Live:
    """The passage being written, as far as it has come; everything else on the page stands.

    `ways` are its tellings side by side, where there are several.
    """

    html: str
    text: str
    ways: str = ""
