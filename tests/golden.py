"""What a seed has told: `python -m tests.golden` writes it anew, which goes with a line in the CHANGELOG."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from story_engine import Settings, Story, StoryEngine, load_story, replay_passage
from story_engine.stories.savefile import dump_story

PATH = Path(__file__).parent / "golden.json"
PRECISIONS = ("float32", "int8")
PLAIN = Settings(seed=7, max_new_tokens=60)
OPENINGS = {
    "plain": ("Once upon a time, Tom found a blue car.", PLAIN),
    "hot": ('"Who are you?" asked the old fox.', replace(PLAIN, seed=11, temperature=1.3, top_p=0.98)),
    "greedy": ("Mia was a baker in a small town.", replace(PLAIN, temperature=0.0)),
    "narrow": ("In the deep sea lived a shy whale.", replace(PLAIN, seed=3, top_k=40, min_p=0.05, repetition_penalty=1.3)),
}


def tell_all(engine: StoryEngine) -> dict[str, object]:
    """Passages by seed: plain, behind a reader's words, to an end, behind an end, in three ways, and a long one."""
    told: dict[str, object] = {}
    for name, (opening, settings) in OPENINGS.items():
        story = Story(opening)
        _tell(engine, story, settings)
        _tell(engine, story, replace(settings, seed=21), text="Then it began to snow.")
        told[name] = [passage.text for passage in story.path()[1:]]
    story = Story(OPENINGS["plain"][0])
    _tell(engine, story, replace(PLAIN, max_new_tokens=200), ending=3)
    _tell(engine, story, PLAIN)
    told["ended"] = [story.last().finish, *(passage.text for passage in story.path()[1:])]
    story = Story(OPENINGS["plain"][0])
    for _ in engine.stream_tellings(story, [replace(PLAIN, seed=seed) for seed in (1, 2, 3)]):
        pass
    told["ways"] = [passage.text for passage in story.passages[1:]]
    story = Story(" ".join([OPENINGS["plain"][0], *["He drove the car to the park, and then he drove it home."] * 140]))
    for seed in range(3):  # the window forgets
        _tell(engine, story, replace(PLAIN, seed=seed))
    told["long"] = [story.last().text, [[entry.kind, entry.tokens] for entry in story.memory.ledger]]
    return told


def tell_saved(engine: StoryEngine) -> str:
    """A story with receipts, as a save file."""
    story = Story("One day, Ben lost his kite in the park.")
    _tell(engine, story, PLAIN)
    _tell(engine, story, replace(PLAIN, seed=8), text='"Where is it?" he asked.')
    return dump_story(story)


def replay_all(engine: StoryEngine, saved: str) -> list[bool]:
    """Whether each passage of a save file comes out the same by its receipt."""
    story = load_story(saved)
    return [replay_passage(engine, story, passage.id).is_identical for passage in story.passages if passage.receipt]


def _tell(engine: StoryEngine, story: Story, settings: Settings, text: str | None = None, ending: int | None = None) -> None:
    for _ in engine.stream(story, settings, text=text, ending=ending):
        pass


def write() -> None:
    golden = {}
    for precision in PRECISIONS:
        engine = StoryEngine.load(precision=precision)
        golden[precision] = {"told": tell_all(engine), "saved": tell_saved(engine)}
        engine.close()
    PATH.write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
