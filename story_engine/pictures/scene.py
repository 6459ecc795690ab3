"""Scene: what a picture shows, as data. The words of a story give it; the composition draws it."""

from __future__ import annotations

from dataclasses import dataclass

from story_engine.pictures.lexicon import Place, Time, Weather


@dataclass(frozen=True)
class Figure:
    """Somebody in a picture: `key` is their name, or the word that the story has for them.

    `kind` is a key of `PEOPLE` or `KINDS`. `look` counts the reader's clicks on the figure. `carries` is a thing in the
    figure's hand, or on its head. `family` is the hero, whose kin have the same skin.
    """

    key: str
    kind: str
    look: int = 0
    colour: str = ""
    carries: str = ""
    family: str = ""


@dataclass(frozen=True)
class Scene:
    """One picture. Things are symbols, with a colour behind a hyphen where the story names one: `automobile:blue`."""

    seed: int
    figures: tuple[Figure, ...]
    things: tuple[str, ...] = ()
    place: Place = "meadow"
    time: Time = "day"
    weather: Weather = ""
    mood: str = ""
    landmark: str = ""
    underwater: bool = False
