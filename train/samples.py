"""Sample stories: the same openings and seeds for every model, so that phases and runs can be laid side by side."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from story_engine import Story, StoryEngine
from train.curve import read_log
from train.errors import guard_writing

OPENINGS = (
    "Once upon a time, there was a little girl named Lily.",
    "One day, Tom found a little blue car under the old tree.",
    "Ben and Mia were playing in the park.",
    "Once there was a little bird who was afraid to fly.",
    "In a green forest, there lived a bear who had a big pot of honey.",
    "Sara did not want to share her new ball.",
    "It was a cold day, and the cat was hungry.",
    "Tim and his dad went to the beach.",
    "The old lady had a secret box.",
    '"I am not tired," said Max.',
)
PHASE_TOKENS = 120


@dataclass(frozen=True)
class Sample:
    """One story: `text` is what the model added, `finish` why it stopped (`end`, `length`)."""

    seed: int
    opening: str
    text: str
    finish: str


def tell_samples(engine: StoryEngine, count: int = len(OPENINGS), max_new_tokens: int = 400) -> list[Sample]:
    """One story for each opening at the recommended settings, seeds 1, 2, 3 ...; from the eleventh on they begin anew."""
    samples = []
    max_new_tokens = min(max_new_tokens, engine.window.largest_reserve - 2)
    for seed in range(1, count + 1):
        story = Story(OPENINGS[(seed - 1) % len(OPENINGS)])
        for _ in engine.stream(story, replace(engine.recommended, seed=seed, max_new_tokens=max_new_tokens)):
            pass
        last = story.path()[-1]
        samples.append(Sample(seed, story.path()[0].text, last.text, last.finish))
    return samples


def write_samples(folder: Path, count: int) -> Path:
    """`samples.json` in the folder of a phase, told by its model; one that is there is left as it is."""
    path = folder / "samples.json"
    if not path.is_file():
        with closing(StoryEngine.load(str(folder), precision="float32")) as engine:
            samples = tell_samples(engine, count, PHASE_TOKENS)
        told = json.dumps([asdict(sample) for sample in samples], indent=1, ensure_ascii=False) + "\n"
        with guard_writing(f"The samples of {folder.name}"):  # whole or not at all: what is there is never told anew
            path.with_suffix(".part").write_text(told, encoding="utf-8")
            path.with_suffix(".part").replace(path)
    return path


def record_phases(run: Path, path: Path) -> None:
    """Stories and curve of a run in one file, for the playground's time machine; nothing where a run kept none."""
    preset, entries = read_log(run)
    losses = {entry["step"]: entry["held_out"]["nats_per_token"] for entry in entries if "held_out" in entry}
    stages = [_read_stage(phase) for phase in sorted(run.glob("phase-*"))]
    if stages and losses and stages[-1]["stories"]:
        starts = [entry["lineage"].get("start") for entry in entries if "lineage" in entry]
        record = {"steps": preset.steps, "curve": sorted(losses.items()), "stages": stages, "fine_tuned": any(starts)}
        path.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _read_stage(phase: Path) -> dict[str, Any]:
    told = json.loads((phase / "samples.json").read_text(encoding="utf-8"))
    return {"step": int(phase.name.split("-")[1]), "stories": {one["opening"]: one["text"] for one in told}}
