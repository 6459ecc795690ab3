"""What is measured, and how much of it."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from pathlib import Path

from train.errors import TrainError

CHANCE = (80, 60, 60, 8, 20, 40, 0)  # as many of each are enough for a subject that is there to be at chance


@dataclass(frozen=True)
class Sizes:
    """How many items each measure takes."""

    pairs: int
    stories: int
    positions: int
    memory: int
    told: int
    controls: int  # stories told by the untrained model, which never ends one
    openings: int  # of those that ship with the scorecard

    def reduce(self) -> Sizes:
        """For a subject that is only there to be at chance: a fifth of the items will do, too."""
        return Sizes(*(min(most, max(size // 5, min(size, 2))) for most, size in zip(CHANCE, astuple(self), strict=True)))


QUICK = Sizes(pairs=45, stories=45, positions=30, memory=4, told=24, controls=4, openings=12)
FULL = Sizes(pairs=500, stories=1000, positions=500, memory=150, told=440, controls=40, openings=60)


@dataclass(frozen=True)
class Options:
    """One scorecard. `model` is what `StoryEngine.load` takes, `stories` a file of held-out stories.

    `training` are files of the training text, for the trigram model and for what is copied; `phases` is the folder of
    a run whose kept phases are scored on the same items. `only` names one part, `claims` or `readers`. For readers,
    `beside` are variants to compare with, as `read_variant` takes them, `scorer` is an independent model that transformers
    reads, and `side_by_side` a file for blind reading.
    """

    model: str
    stories: Path | None
    out: Path
    training: tuple[Path, ...] = ()
    phases: Path | None = None
    quick: bool = False
    seed: int = 0
    precision: str = "auto"
    only: str | None = None
    beside: tuple[str, ...] = ()
    scorer: str | None = None
    side_by_side: Path | None = None

    @property
    def sizes(self) -> Sizes:
        return QUICK if self.quick else FULL

    def has(self, part: str) -> bool:
        """Whether this part is measured."""
        return self.only in (None, part)

    def check(self) -> None:
        """Raises TrainError for what is missing, all at once."""
        paths = [path for path in (self.stories, *self.training) if path]
        missing = [f"{path} is no file" for path in paths if not path.is_file()]
        if self.has("claims") and not self.stories:
            missing.append("the claims need held-out stories (--stories FILE, or --only readers)")
        if self.side_by_side and not (self.beside and self.has("readers")):
            missing.append("--side-by-side compares models (add --beside MODEL)")
        if self.phases and not list(self.phases.glob("phase-*/model.safetensors")):
            missing.append(f"{self.phases} holds no phase-* folder of a run")
        if missing:
            raise TrainError("Nothing was evaluated: " + "; ".join(missing) + ". Check the paths.")
