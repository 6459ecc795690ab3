"""The words of the list of keys: key -> English, German."""

from __future__ import annotations

KEYBOARD: dict[str, tuple[str, str]] = {
    "keys": ("Keys", "Tasten"),
    "keys_close": ("Close", "Schließen"),
    "key_command": ("Ctrl", "Strg"),
    "key_shift": ("Shift", "Umschalt"),
    "key_continue": (
        "begin or continue the story, from its box too",
        "Geschichte beginnen oder weiter, auch aus ihrem Feld",
    ),
    "key_undo": ("undo, outside a box", "Zurück, außerhalb eines Feldes"),
    "key_redo": ("redo, outside a box", "Wieder vor, außerhalb eines Feldes"),
    "key_back": (
        "previous version of the passage that has the focus, or of the last one that has several",
        "Fassung davor: der Stelle mit dem Fokus, oder der letzten, die mehrere hat",
    ),
    "key_forward": ("next version of it", "Fassung danach"),
    "key_open": ("open the passage that has the focus", "die Stelle mit dem Fokus öffnen"),
    "key_list": ("show this list", "diese Liste zeigen"),
    "key_close": ("close this list", "diese Liste schließen"),
}
