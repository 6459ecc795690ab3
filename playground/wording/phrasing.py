"""The words of the modes of the reader's box: key -> English, German."""

from __future__ import annotations

PHRASING: dict[str, tuple[str, str]] = {
    "mode": ("Your words are", "Deine Worte sind"),
    "mode_typed": ("as typed", "wie getippt"),
    "mode_do": ("a deed", "eine Tat"),
    "mode_say": ("said aloud", "gesprochen"),
    "mode_describe": ("a description", "eine Beschreibung"),
    "will_be": ("In the story:", "In der Geschichte:"),
    "take": ("Put it into the box", "Ins Feld nehmen"),
    "other_language": (
        "This story does not look English: your words go into it as typed.",
        "Diese Geschichte sieht nicht englisch aus: Deine Worte kommen so hinein, wie du sie tippst.",
    ),
}
