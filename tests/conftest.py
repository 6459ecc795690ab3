"""Shared: a tiny real model saved as transformers saves one, and an engine that says what a test tells it to say."""

from __future__ import annotations

import os
import shutil
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # tests run side by side; so do the programs that they start
    os.environ["OMP_NUM_THREADS"] = "1"

import torch
from filelock import FileLock
from hypothesis import settings
from tokenizers import Tokenizer

from playground.engines import Engines
from story_engine import StoryEngine
from story_engine.context.window import ContextWindow
from story_engine.model import autotune, folder_check
from story_engine.model.config import ModelConfig
from story_engine.model.kv_cache import Slot
from story_engine.model.tokenizer import StoryTokenizer
from story_engine.stories.library import Library
from tests.reader import FLAGS
from train.export import export_model
from train.network import build_model
from train.prepare import prepare, train_tokenizer
from train.presets import PRESETS, Preset, Shape
from train.run import Run
from train.stories import END_OF_STORY

settings.register_profile("repository", deadline=None)  # tests take no times: the machine may be busy
settings.load_profile("repository")

NAMES, THINGS, PLACES = ("Tom", "Mia", "Ben", "Sara"), ("ball", "car", "kite", "boat"), ("park", "garden", "forest")
CONTEXT = 256
TAUGHT = replace(
    PRESETS["smoke"],
    shape=Shape(hidden=64, layers=2, heads=4, intermediate=128, vocabulary=300, context=2048, tied=True),
    steps=80,
    tokens_per_step=2048,
    micro_batch_tokens=2048,
    max_lr=5e-3,
    phases=(),
    short_context=128,
    full_every=40,
    dropout=0.0,
    evaluate_every=1000,
    save_every=1000,
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


# Longest first, since a file that begins last is waited for alone; those that compute lie between those that drive a browser.
LONG_FILES = (
    *("test_golden.py", "test_browser_shelf.py", "test_scorecard.py", "test_browser.py", "test_train_parallel.py"),
    *("test_browser_insight.py", "test_train_kills.py", "test_browser_drafts.py", "test_train.py", "test_browser_tabs.py"),
    *("test_benchmarks.py", "test_browser_keys.py", "test_train_resume.py", "test_browser_payloads.py", "test_space.py"),
    *("test_browser_access.py", "test_scorecard_readers.py", "test_browser_desk.py", "test_browser_leaving.py"),
    *("test_browser_aloud.py", "test_browser_reading.py", "test_browser_phrasing.py", "test_browser_writing.py"),
)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """`-n auto` is in pyproject.toml: one process more than processors for all tests, since many wait; none for a file."""
    is_whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return min((os.cpu_count() or 1) + 1, 6) if is_whole else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; `--no-loadscope-reorder` keeps that order, where pytest-xdist's own begins with many small tests."""
    places = {name: place for place, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


def make_stories(count: int = 60) -> list[str]:
    """Small stories of the tests' own words, all different."""
    return [
        f"Once upon a time, {NAMES[i % 4]} had a {THINGS[i // 4 % 4]}. It was number {i}.\n"
        f'One day, {NAMES[i % 4]} went to the {PLACES[i % 3]}. "Look!" said {NAMES[(i + 1) % 4]}. They were happy.'
        for i in range(count)
    ]


@pytest.fixture(scope="session", autouse=True)
def findings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is measured of the tests' own models is no user's."""
    cache = tmp_path_factory.mktemp("cache")
    autotune.FINDINGS_FILE = cache / "kernels.json"
    folder_check.CHECKED = cache / "checked-folders.json"


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return train_tokenizer(make_stories(), 320)


@pytest.fixture(scope="session")
def tiny_preset() -> Preset:
    return Preset(
        name="tiny",
        shape=Shape(hidden=32, layers=2, heads=4, intermediate=48, vocabulary=320, context=CONTEXT),
        tokenizer="bpe",
        steps=4,
        tokens_per_step=CONTEXT,
        micro_batch_tokens=CONTEXT,
        max_lr=1e-3,
        phases=(),
        precision="no",
        compile=False,
    )


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory, tokenizer: Tokenizer, tiny_preset: Preset) -> Path:
    """A random model of the published architecture in small, in float32, as a user would have it on disk."""
    folder = tmp_path_factory.mktemp("tiny")
    tokenizer.save(str(folder / "tokenizer.json"))
    model = build_model(tiny_preset, end_token=tokenizer.token_to_id(END_OF_STORY))
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.mul_(8)  # fresh weights are nearly uniform; these have opinions
    export_model(model, folder, folder / "model", dtype=torch.float32)
    return folder / "model"


@pytest.fixture
def engine(tiny_folder: Path) -> StoryEngine:
    return StoryEngine.load(str(tiny_folder), precision="float32")


@pytest.fixture(scope="session")
def engine_embedded() -> StoryEngine:
    """The model that ships, for what only a good model knows; it takes far more time than the others."""
    return StoryEngine.load("embedded")


@pytest.fixture(scope="session")
def taught_folder(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the full context that has learnt the tests' own stories, for all worker processes of a test run."""
    own = tmp_path_factory.getbasetemp()
    out = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "taught"
    with FileLock(f"{out}.lock"):
        if not (out / "model").is_dir():
            Run(TAUGHT, data, out).train(resume=False)
    return out / "model"


@pytest.fixture(scope="session")
def engine_taught(taught_folder: Path) -> StoryEngine:
    """An engine with a small model that tells stories as the tests do, in int8 where the kernel runs."""
    return StoryEngine.load(str(taught_folder))


@pytest.fixture(scope="session")
def stories(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("stories")
    for name, chosen in {"train.txt": make_stories(300), "held.txt": make_stories(320)[300:]}.items():
        (folder / name).write_text("".join(f"{story}\n{END_OF_STORY}\n" for story in chosen), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def data(stories, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    prepare(PRESETS["smoke"], [str(stories / "train.txt")], [str(stories / "held.txt")], folder, per_shard=120)
    return folder


class ScriptedDecoder:
    """Stands in for a model: after any prompt it says `script`, again and again, with a delay for each token.

    A token of None in the script makes the model fail, as if its weights gave no number.
    """

    def __init__(self, script: list[int | None], vocab_size: int, context: int, delay: float = 0.0) -> None:
        self.config = ModelConfig(4, 1, 1, 1, 4, 4, vocab_size, context, 1e-6, 10_000.0, True, 0)
        self.precision, self.rounding, self.row_cost, self.is_exact = "float32", "", 1.0, False
        self.cache_dtype, self.device = torch.float32, torch.device("cpu")
        self.script, self.delay, self.reads, self.prompts = script, delay, 0, []

    def new_slot(self) -> Slot:
        return Slot(self.config, self.cache_dtype, self.device)

    def step(self, tokens: list[int], slots: list[Slot]) -> torch.Tensor:
        time.sleep(self.delay)
        return torch.stack([self.say([token], slot) for token, slot in zip(tokens, slots, strict=True)])

    def prefill(self, ids: list[int], slot: Slot, all_logits: bool = False) -> torch.Tensor:
        time.sleep(self.delay)
        if not all_logits:
            return self.say(ids, slot)
        # What was read was the likeliest, so that all words count as finished.
        certain = [torch.full((self.config.vocab_size,), -30.0).index_fill(0, torch.tensor(token), 30.0) for token in ids[1:]]
        return torch.stack([*certain, self.say(ids, slot)])

    def say(self, ids: list[int], slot: Slot) -> torch.Tensor:
        self.reads += 1
        if len(ids) > 1 or not hasattr(slot, "place"):
            slot.place = 0
            self.prompts.append(len(slot.ids) + len(ids))
        slot.reserve(len(slot.ids) + len(ids))
        slot.ids.extend(ids)
        assert len(slot.ids) <= self.config.context_length
        logits = torch.full((self.config.vocab_size,), -30.0)
        token = self.script[slot.place % len(self.script)]
        slot.place += 1
        if token is None:
            return logits * torch.nan
        logits[token] = 30.0
        return logits


@pytest.fixture(scope="session")
def finished(data, tmp_path_factory) -> Path:
    """An uninterrupted run, which passes through its data more than once."""
    out = tmp_path_factory.mktemp("run") / "whole"
    run = Run(replace(PRESETS["smoke"], tokens_per_step=4096, micro_batch_tokens=4096), data, out)
    assert run.rows.rows_per_epoch(64) * 64 < 20 * 4096  # it crosses an epoch's border
    run.train(resume=False)
    return out


@pytest.fixture
def browser(chromium):
    """A browser whose windows are closed when the test ends: a page that lost its server would go on working to find it."""
    yield chromium
    for window in chromium.contexts:
        window.close()


@pytest.fixture(scope="session")
def chromium():
    if CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail("In CI the browser tests must run: install chromium.")
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


def find_port() -> int:
    """A port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def serve(tmp_path: Path):
    """A function: engine -> the running page, closed when the test ends; `serve.pages` are those that were opened."""
    pages = []

    def open_it(
        engine: StoryEngine, folder: Path | None = None, port: int | None = None, for_children: bool = False, **options
    ) -> str:
        from playground.server import open_page

        port = port or find_port()
        library = Library(folder or tmp_path / "stories")
        pages.append(open_page(Engines(engine, engine.name, for_children=for_children), library, "127.0.0.1", port, **options))
        return f"http://127.0.0.1:{port}"

    open_it.pages = pages

    yield open_it
    for page in pages:
        page.blocks.close()


@pytest.fixture
def scripted(tokenizer: Tokenizer):
    """A function: text (with `<end>` for the end token and `<fail>` for a failure) -> an engine that says it."""

    def make(text: str, delay: float = 0.0, context: int = 2048, retries_loops: bool = False) -> StoryEngine:
        window = ContextWindow(context, 0, "scripted")
        own = StoryTokenizer(Tokenizer.from_str(tokenizer.to_str()))
        script: list[int | None] = []
        for part in text.replace("<end>", "\0E\0").replace("<fail>", "\0F\0").split("\0"):
            script += {"E": [0], "F": [None]}.get(part, own.encode(part))
        decoder = ScriptedDecoder(script, own.size, context, delay)
        return StoryEngine(decoder, own, window, frozenset({0}), "scripted", retries_loops)

    return make
