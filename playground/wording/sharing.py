"""The words of the links to a story: key -> English, German."""

from __future__ import annotations

SHARING: dict[str, tuple[str, str]] = {
    "share": ("Share this story by a link:", "Diese Geschichte mit einem Link teilen:"),
    "share_reading": ("A link for reading along", "Ein Link zum Mitlesen"),
    "share_writing": ("A link for writing along", "Ein Link zum Mitschreiben"),
    "link": ("The link", "Der Link"),
    "take_back": ("Take the reading link back", "Den Link zum Mitlesen zurücknehmen"),
    "reading_link": (
        "Whoever has this link sees the story grow and can change nothing. You can take it back at any time.",
        "Wer diesen Link hat, sieht die Geschichte wachsen und kann nichts ändern. Du kannst ihn jederzeit zurücknehmen.",
    ),
    "writing_link": (
        "Whoever has this link can do all that you can: write on, take back, rename, remove. It cannot be taken back. "
        "To keep a story of your own, duplicate it first.",
        "Wer diesen Link hat, kann alles, was du kannst: weiterschreiben, zurückgehen, umbenennen, weglegen. Er lässt sich "
        "nicht zurücknehmen. Für eine Geschichte, die nur dir gehört, verdopple sie vorher.",
    ),
    "taken_back": ("The link is taken back: it shows nothing any more.", "Der Link ist zurückgenommen: Er zeigt nichts mehr."),
    "reading_page": ("You read along: new words come by themselves.", "Du liest mit: Neue Worte kommen von selbst."),
    "reading_lost": ("The connection is lost. Trying again …", "Die Verbindung ist weg. Neuer Versuch …"),
}
