"""How the page looks: its colours, its type, and `style.css`; and the scripts that run before it."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import gradio as gr

from playground.wording.strings import LANGUAGES
from story_engine import FONTS, write_dark_style

HERE = Path(__file__).parent / "static"
ICON = HERE / "icon.svg"
SYSTEM_FONTS = ["ui-sans-serif", "system-ui", "sans-serif"]
# A face for books, in the page itself: nothing is fetched, and every system shows the same (SIL Open Font License).
FACES = {"normal": "literata.woff2", "italic": "literata-italic.woff2"}
FACE = "@font-face {{ font-family: Literata; font-style: {style}; src: url(data:font/woff2;base64,{data}) format('woff2'); }}\n"
CSS = "".join(
    FACE.format(style=style, data=b64encode((FONTS / name).read_bytes()).decode()) for style, name in FACES.items()
) + (HERE / "style.css").read_text(encoding="utf-8")
CSS += write_dark_style(".dark .picture")
SCRIPTS = ("answers.js", "storage.js", "tongue.js", "memory.js", "drafts.js", "listen.js", "aloud.js", "keys.js", "phrasing.js")
HEAD = f"<style>{(HERE / 'desk.css').read_text(encoding='utf-8')}</style>"
HEAD += "".join(f"<script>{(HERE / name).read_text(encoding='utf-8')}</script>" for name in SCRIPTS)
HEAD = HEAD.replace('"TAGS"', json.dumps([*LANGUAGES]))


def make_theme() -> gr.themes.Base:
    """Paper and ink, with fonts of the system: nothing is fetched. Contrasts are AA in both schemes."""
    return gr.themes.Base(
        primary_hue="amber", neutral_hue="stone", font=SYSTEM_FONTS, font_mono=["ui-monospace", "monospace"]
    ).set(
        body_background_fill="#f6f1e6",
        body_text_color_subdued="#6f665b",
        body_text_color_subdued_dark="#a89d8c",
        body_background_fill_dark="#16130f",
        block_background_fill="#fdfaf3",
        block_background_fill_dark="#211d18",
        block_border_color="#e4dccb",
        block_border_color_dark="#3d362c",
        input_background_fill="#ffffff",
        input_background_fill_dark="#16130f",
        input_placeholder_color="#736a5e",
        input_placeholder_color_dark="#a89d8c",
        block_info_text_color="#6f665b",
        block_info_text_color_dark="#a89d8c",
        block_label_text_color="#4a4238",
        block_label_text_color_dark="#d8cdbb",
        button_primary_background_fill="#8a4b08",
        button_primary_background_fill_hover="#6f3c06",
        button_primary_background_fill_dark="#f0b565",
        button_primary_background_fill_hover_dark="#f7c98a",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#211d18",
        button_secondary_background_fill="transparent",
        button_secondary_background_fill_dark="transparent",
        button_secondary_background_fill_hover="#ebe4d5",
        button_secondary_background_fill_hover_dark="#342d24",
        button_secondary_border_color="#d8cdb8",
        button_secondary_border_color_dark="#4a4236",
        button_secondary_text_color="#4a4238",
        button_secondary_text_color_dark="#d8cdbb",
        button_border_width="1px",
        button_primary_border_color="#8a4b08",
        button_primary_border_color_dark="#f0b565",
        button_large_text_size="*text_md",
        button_large_text_weight="500",
        slider_color="#8a4b08",
        slider_color_dark="#f0b565",
        button_cancel_background_fill="#7c2d12",
        button_cancel_background_fill_dark="#7c2d12",
        button_cancel_text_color="#ffffff",
    )
