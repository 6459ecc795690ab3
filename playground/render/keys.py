"""The list of keys, as a dialog of the page, and the button that opens it. `keys.js` does what the keys say."""

from __future__ import annotations

from markupsafe import Markup

from playground.wording.strings import Texts

LIST = Markup(
    '<p class="hint"><button type="button" data-keys aria-haspopup="dialog">{title} <kbd>?</kbd></button></p>'
    '<dialog aria-label="{title}"><h2>{title}</h2><dl>{keys}</dl><form method="dialog"><button>{close}</button></form></dialog>'
)
ITEM = Markup("<div><dt>{keys}</dt><dd>{act}</dd></div>")
KEY, COMMAND = Markup("<kbd>{}</kbd>"), Markup('<kbd data-mac="Cmd">{}</kbd>')
COMMAND_KEY = "command"
# What each key does, by its key in the table of words; the command key is Ctrl, or Cmd on a Mac.
KEYS: dict[str, tuple[str, ...]] = {
    "key_continue": (COMMAND_KEY, "Enter"),
    "key_undo": (COMMAND_KEY, "Z"),
    "key_redo": (COMMAND_KEY, "shift", "Z"),
    "key_back": ("←",),
    "key_forward": ("→",),
    "key_open": ("Enter",),
    "key_list": ("?",),
    "key_close": ("Esc",),
}


def render_keys(texts: Texts) -> Markup:
    """All keys of the page, in the reader's language."""
    items = (
        ITEM.format(keys=Markup("+").join(_render_key(key, texts) for key in keys), act=texts[act])
        for act, keys in KEYS.items()
    )
    return LIST.format(title=texts["keys"], close=texts["keys_close"], keys=Markup("").join(items))


def _render_key(key: str, texts: Texts) -> Markup:
    if key == COMMAND_KEY:
        return COMMAND.format(texts["key_command"])
    return KEY.format(texts["key_shift"] if key == "shift" else key)
