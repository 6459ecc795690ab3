"""The page's layout: all widgets and their places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from playground.engines import Engines
from playground.ideas import deal
from playground.render.phases import Phases, read_phases
from playground.space import loses_stories
from playground.translations import say
from playground.visit import ENDING
from story_engine import EMBEDDED_FOLDER, ENDINGS, FORMS, HUB_MODELS, MODES, RANGES, READING_LEVELS, WHEN

HERE = Path(__file__).parent / "static"
CLICK_SCRIPT = (HERE / "click.js").read_text(encoding="utf-8")
BOOK_SCRIPT = (HERE / "book.js").read_text(encoding="utf-8")
# The browser keeps the number of a story, which opens it, under a fixed name: a restart changes nothing.
BROWSER_KEY = "story-playground"
# Manners of writing, by what they change of the recommended settings.
MANNERS: dict[str, dict[str, float]] = {
    "Recommended": {},
    "Calm": {"temperature": 0.4, "top_p": 0.8},
    "Wild": {"temperature": 1.1, "top_p": 0.97, "repetition_penalty": 1.15},
}
FIRST = ("temperature", "top_p", "max_new_tokens")
FOLDED = ("top_k", "min_p", "repetition_penalty", "dry_multiplier", "guidance", "best_of")
STEPS = dict.fromkeys(("temperature", "guidance"), 0.05) | dict.fromkeys(("top_p", "min_p", "repetition_penalty"), 0.01)
STEPS |= {"dry_multiplier": 0.1}


class Widgets:
    """All widgets by name; to be made inside a Blocks."""

    def __init__(self, engines: Engines) -> None:
        self.browser = gr.BrowserState({}, storage_key=BROWSER_KEY, secret=BROWSER_KEY)
        # Apart from the story: a passage that ends late must not undo a setting that was changed meanwhile.
        self.preferences = gr.BrowserState({}, storage_key=f"{BROWSER_KEY}-settings", secret=BROWSER_KEY)
        # A click on this comes from another tab of the browser, which has remembered something.
        self.elsewhere = gr.HTML(
            visible="hidden", elem_id="elsewhere", js_on_load="window.memory.listen(() => trigger('click', {}))"
        )
        # The reader's words that have just gone into the story: they leave their box.
        self.accepted = gr.JSON(visible="hidden")
        gr.HTML(say("motto"))
        gr.HTML(say("keeps_nothing"))
        if loses_stories():
            gr.HTML(say("loses_stories"))
        self._lay_out_beginning()
        self._lay_out_book()
        self._lay_out_memory()
        with gr.Column(elem_id="aside"):
            with gr.Accordion(say("options"), open=False, elem_id="options"):
                self._lay_out_settings(engines)
            with gr.Accordion(say("file"), open=False, elem_id="file"):
                self._lay_out_file()
            self.phases = read_phases(Path(engines.default)) or read_phases(EMBEDDED_FOLDER)
            if self.phases:
                with gr.Accordion(say("learned"), open=False, elem_id="learned"):
                    self._lay_out_phases(self.phases)
        gr.HTML(say("keys_list"), elem_id="keys")
        gr.HTML(say("caution"))

    @property
    def story(self) -> list[Any]:
        """Everything that changes with the story."""
        return [
            self.browser, self.beginning, self.writing, self.memory, self.book, self.tellings, self.live, self.accepted,
            self.meter, self.tree, self.context, self.go_on, self.stop, self.branch, self.strip, self.finish, self.undo,
            self.redo, self.retry, self.editor, self.edited, self.characters, self.notes, self.lore, self.shelf, self.title,
            self.restore, self.shared,
        ]  # fmt: skip

    @property
    def mind(self) -> list[Any]:
        """The lines that the reader wants kept in mind."""
        return [self.characters, self.notes, self.lore]

    @property
    def panel(self) -> list[Any]:
        """Everything that changes when the panel of a passage opens, beside the panel itself."""
        return [
            self.edit_text, self.pins, self.asked, self.influences, self.receipt, self.replay, self.replayed,
            self.alternatives,
        ]  # fmt: skip

    @property
    def learned(self) -> list[Any]:
        """The parts of the time machine."""
        return [self.curve, self.phase_stories] if self.phases else []

    def _lay_out_beginning(self) -> None:
        with gr.Column(elem_id="beginning") as self.beginning:
            self.opening = gr.Textbox(
                label=say("opening"), placeholder="Once upon a time…", lines=3, max_lines=12, elem_id="opening"
            )
            gr.HTML(say("in_english"), elem_id="in-english")
            self.begin = gr.Button(say("begin"), variant="primary", elem_id="begin")
            gr.HTML(say("or_idea"))
            with gr.Row(elem_classes="ideas"):
                self.ideas = [gr.Button(name, min_width=120) for name in deal()]
            self.other_ideas = gr.Button(say("other_ideas"), size="sm", elem_id="other-ideas")

    def _lay_out_book(self) -> None:
        with gr.Column(visible=False, elem_id="writing") as self.writing:
            self.book = gr.HTML(elem_id="book", js_on_load=CLICK_SCRIPT + BOOK_SCRIPT)
            self.tellings = gr.HTML(elem_id="ways", js_on_load=CLICK_SCRIPT)
            self.live = gr.HTML(elem_id="live", visible="hidden", js_on_load="watch('value', () => window.showLive(element))")
            with gr.Column(elem_id="panel"):
                self._lay_out_editor()
            self.words = gr.Textbox(
                label=say("next"),
                placeholder=say("next_hint"),
                lines=2,
                max_lines=8,
                elem_id="words",
            )
            self.mode = gr.Radio(
                [(say(f"mode_{mode}"), mode) for mode in MODES], value=MODES[0], label=say("mode"), elem_id="mode"
            )
            self.preview = gr.HTML(elem_id="preview", js_on_load=CLICK_SCRIPT)
            self.wish = gr.Textbox(label=say("wish"), placeholder="it begins to snow", lines=1, max_lines=3, elem_id="wish")
            # A click on this asks what the words in the box will be.
            self.phrase = gr.HTML(
                visible="hidden", elem_id="phrase", js_on_load="window.phrasing.listen(() => trigger('click', {}))"
            )
            self._lay_out_controls()

    def _lay_out_memory(self) -> None:
        with gr.Column(visible=False, elem_id="memory") as self.memory:
            self.meter = gr.HTML(elem_id="meter", js_on_load=CLICK_SCRIPT)
            with gr.Accordion(say("mind"), open=False, elem_id="mind"):
                self._lay_out_mind()
            with gr.Accordion(say("reads"), open=False, elem_id="reads"):
                with gr.Row(elem_classes="line"):
                    self.look_context = gr.Button(say("look_context"), size="sm", elem_id="look-context")
                    self.by_token = gr.Checkbox(label=say("by_token"), elem_id="by-token", container=False)
                self.context = gr.HTML(elem_id="context")
            with gr.Accordion(say("versions"), open=False, elem_id="versions"):
                self.tree = gr.HTML(elem_id="tree", js_on_load=CLICK_SCRIPT)

    def _lay_out_editor(self) -> None:
        """The panel of a passage."""
        with gr.Column(visible=False, elem_id="editor") as self.editor:
            # In the browser, not in a State of the server: a restart must not cost the words in the panel.
            self.edited = gr.Number(visible="hidden", precision=0)
            self.edit_text = gr.Textbox(label=say("change"), lines=4, max_lines=20, elem_id="edit-text")
            with gr.Row():
                self.edit_save = gr.Button(say("keep_change"), variant="primary", size="sm")
                self.edit_cancel = gr.Button(say("leave"), size="sm")
            self.pins = gr.CheckboxGroup([], label=say("pins"), info=say("pins_hint"), elem_id="pins")
            self.look_words = gr.Button(say("look_words"), size="sm", elem_id="look-words")
            self.alternatives = gr.HTML(elem_id="alternatives", js_on_load=CLICK_SCRIPT)
            self.asked = gr.Dropdown([], label=say("asked"), info=say("asked_hint"), elem_id="asked")
            self.influences = gr.HTML(elem_id="influences")
            self.receipt = gr.HTML(elem_id="receipt")
            self.replay = gr.Button(say("replay"), size="sm", elem_id="replay")
            self.replayed = gr.HTML(elem_id="replayed")

    def _lay_out_controls(self) -> None:
        with gr.Row(elem_classes="controls"):
            self.go_on = gr.Button(say("continue"), variant="primary", elem_id="continue")
            self.stop = gr.Button(say("stop"), variant="stop", visible=False, elem_id="stop")
            self.retry = gr.Button(say("retry"), elem_id="retry")
            self.undo = gr.Button(say("undo"), elem_id="undo")
            self.redo = gr.Button(say("redo"), elem_id="redo")
            self.branch = gr.Button(say("branch"), elem_id="branch")
            self.strip = gr.Button(say("strip"), elem_id="strip")
            self.finish = gr.Button(say("finish"), elem_id="finish")
            self.read = gr.Button(say("read"), elem_id="read")

    def _lay_out_mind(self) -> None:
        """Lines that the model always remembers."""
        self.characters = gr.Textbox(
            label=say("characters"), placeholder="Rex is Tom's old dog.", lines=2, max_lines=10, elem_id="characters"
        )
        self.notes = gr.Textbox(label=say("notes"), placeholder="It is winter.", lines=2, max_lines=10, elem_id="notes")
        gr.HTML(say("mind_hint"))
        self.lore = gr.Textbox(
            label=say("lore"),
            info=say("lore_hint"),
            placeholder="Rex, the old dog: Rex is afraid of storms.",
            lines=2,
            max_lines=12,
            elem_id="lore",
        )
        self.pinning = gr.Checkbox(label=say("pinning"), elem_id="pinning", container=False)
        self.keep = gr.Button(say("keep"), size="sm", elem_id="keep")

    def _lay_out_settings(self, engines: Engines) -> None:
        recommended = engines.recommended
        self.settings: dict[str, Any] = {name: _make_slider(name, getattr(recommended, name)) for name in FIRST}
        with gr.Accordion(say("more"), open=False):
            self.settings |= {name: _make_slider(name, getattr(recommended, name)) for name in FOLDED}
            self.settings["seed"] = gr.Number(label=say("seed"), info=say("seed_hint"), precision=0, minimum=0, elem_id="seed")
        self.ending = gr.Slider(
            ENDINGS[0], ENDINGS[-1], ENDING, step=1, label=say("ending"), info=say("ending_hint"), elem_id="ending"
        )
        self._lay_out_children(recommended.for_children)
        self.unwanted = gr.Textbox(label=say("unwanted"), info=say("unwanted_hint"), lines=1, max_lines=4, elem_id="unwanted")
        levels = [(say(f"reading_level_{level}"), level) for level in READING_LEVELS]
        self.reading_level = gr.Radio(
            levels, value=levels[-1][1], label=say("reading_level"), info=say("reading_level_hint"), elem_id="reading-level"
        )
        self.pictures = gr.Radio(
            [(say(f"pictures_{when}"), when) for when in WHEN],
            value=WHEN[0],
            label=say("pictures"),
            info=say("pictures_hint"),
            elem_id="pictures",
        )
        choices = [(say(name) if name in HUB_MODELS else name, name) for name in engines.names]
        self.model = gr.Dropdown(choices, value=engines.default, label=say("model"), elem_id="model")
        self._lay_out_manners()

    def _lay_out_manners(self) -> None:
        """Settings that are taken at once: the page's manners of writing, and the reader's own."""
        gr.HTML(say("at_once"))
        with gr.Row():
            self.manners = {name: gr.Button(say(name), size="sm", min_width=90) for name in MANNERS}
        with gr.Row(elem_classes="line"):
            self.manner_name = gr.Textbox(label=say("manner_name"), max_lines=1, elem_id="manner-name", scale=3)
            self.keep_manner = gr.Button(say("keep_manner"), elem_id="keep-manner", min_width=100)
        with gr.Row(elem_classes="line"):
            self.own_manner = gr.Dropdown([], label=say("own_manner"), elem_id="own-manner", scale=3)
            self.drop_manner = gr.Button(say("drop_manner"), elem_id="drop-manner", min_width=100)

    def _lay_out_children(self, is_on: bool) -> None:
        """The switch for children, and what a grown-up can read."""
        self.for_children = gr.Checkbox(is_on, label=say("for_children"), info=say("for_children_hint"), elem_id="for-children")
        with gr.Accordion(say("held"), open=False, elem_id="held-back") as self.held:
            self.held_count = gr.HTML(elem_id="held-count")
            with gr.Row(elem_classes="line"):
                self.held_answer = gr.Textbox(label=say("held_question"), max_lines=1, elem_id="held-answer", scale=3)
                self.show_held = gr.Button(say("show_held"), elem_id="show-held", min_width=120)
            self.held_words = gr.HTML(elem_id="held-words")

    def _lay_out_file(self) -> None:
        with gr.Row(elem_classes="line"):
            self.shelf = gr.Dropdown([], label=say("shelf"), elem_id="shelf", scale=3)
            self.new = gr.Button(say("new"), elem_id="new", min_width=120)
        with gr.Row(elem_classes="line"):
            self.title = gr.Textbox(label=say("title"), max_lines=1, elem_id="title", scale=3)
            self.rename = gr.Button(say("rename"), elem_id="rename", min_width=120)
        with gr.Row():
            self.duplicate = gr.Button(say("duplicate"), size="sm", elem_id="duplicate")
            self.remove = gr.Button(say("remove"), size="sm", elem_id="remove")
            self.restore = gr.Button(say("restore"), size="sm", elem_id="restore", visible=False)
        with gr.Row(elem_classes="line"):
            forms = [(say(name), name) for name in FORMS]
            self.form = gr.Dropdown(forms, value=forms[0][1], label=say("form"), elem_id="form", scale=3)
            self.save = gr.Button(say("save"), elem_id="save", min_width=120)
        self.open = gr.UploadButton(
            say("open"),
            size="sm",
            file_types=[".json", ".txt"],
            elem_id="open",
        )
        gr.HTML(say("file_hint"))
        self.saved = gr.JSON(visible="hidden")
        self._lay_out_sharing()

    def _lay_out_sharing(self) -> None:
        gr.HTML(say("share"))
        with gr.Row():
            self.share_reading = gr.Button(say("share_reading"), size="sm", elem_id="share-reading")
            self.share_writing = gr.Button(say("share_writing"), size="sm", elem_id="share-writing")
        with gr.Column(visible=False, elem_id="shared") as self.shared:
            self.link = gr.Textbox(label=say("link"), interactive=False, max_lines=1, buttons=["copy"], elem_id="link")
            self.link_kind = gr.HTML(elem_id="link-kind", elem_classes="hint")
            self.take_back = gr.Button(say("take_back"), size="sm", visible=False, elem_id="take-back")

    def _lay_out_phases(self, phases: Phases) -> None:
        self.curve = gr.HTML(phases.plot_curve())
        self.phase_opening = gr.Dropdown(
            phases.openings, value=phases.openings[0], label=say("stages"), elem_id="phase-opening"
        )
        self.phase_stories = gr.HTML(phases.render_stories(phases.openings[0]), elem_id="phases")


def _make_slider(name: str, value: float) -> gr.Slider:
    low, high, _ = RANGES[name]
    return gr.Slider(
        low,
        high,
        value=value,
        step=STEPS.get(name, 1),
        label=say(name),
        info=say(f"{name}_hint"),
        elem_id=name.replace("_", "-"),
    )
