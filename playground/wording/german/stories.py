"""The words of whole stories, in German: the shelf, files, links, and how the model learned."""

STORIES = {
    "file": "Deine Geschichten",
    "shelf": "Eine Geschichte aus dem Regal nehmen",
    "new": "Neue Geschichte",
    "title": "Ihr Titel",
    "rename": "Umbenennen",
    "duplicate": "Verdoppeln",
    "remove": "Weglegen",
    "restore": "Zurückholen",
    "form": "Speichern als",
    "text": "Text",
    "Markdown": "Markdown",
    "web page": "Webseite",
    "e-book": "E-Book",
    "PDF": "PDF",
    "booklet": "Heft zum Falten (PDF)",
    "all versions": "alle Fassungen",
    "save": "Datei speichern",
    "open": "Eine Datei öffnen",
    "file_hint": "Geschichten bleiben auf diesem Server, während du schreibst; eine Datei gehört dir.",
    "copy": "Kopie",
    "learned": "Wie das Modell erzählen lernte",
    "stages": "Derselbe Anfang, auf jeder Stufe erzählt",
    "untrained": "Vor allem Lernen",
    "after_training": "Nach {share:.0%} des Lernens",
    "before_tuning": "Bevor es eine dieser Geschichten las",
    "phase_words": "Wörter",
    "phase_sentences": "Sätze",
    "phase_coherence": "Zusammenhang",
    "phase_telling": "Erzählen",
    "steps": "{steps} Schritte",
    "surprise": "wie sehr neue Geschichten das Modell überraschen, in Nats pro Token",
    "curve_label": (
        "Die Überraschung des Modells von neuen Geschichten fiel in {steps} Schritten von {top} auf {bottom} Nats pro Token"
    ),
    # links
    "share": "Diese Geschichte mit einem Link teilen:",
    "share_reading": "Ein Link zum Mitlesen",
    "share_writing": "Ein Link zum Mitschreiben",
    "link": "Der Link",
    "take_back": "Den Link zum Mitlesen zurücknehmen",
    "reading_link": (
        "Wer diesen Link hat, sieht die Geschichte wachsen und kann nichts ändern. Du kannst ihn jederzeit zurücknehmen."
    ),
    "writing_link": (
        "Wer diesen Link hat, kann alles, was du kannst: weiterschreiben, zurückgehen, umbenennen, weglegen. Er lässt "
        "sich nicht zurücknehmen. Für eine Geschichte, die nur dir gehört, verdopple sie vorher."
    ),
    "taken_back": "Der Link ist zurückgenommen: Er zeigt nichts mehr.",
    "reading_page": "Du liest mit: Neue Worte kommen von selbst.",
    "reading_lost": "Die Verbindung ist weg. Neuer Versuch …",
}
