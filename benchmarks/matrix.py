"""Folders in transformers' own quick start, by several versions of it, against our float32 engine: words and logits."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from story_engine import EMBEDDED_FOLDER, StoryEngine
from train.compressed import export_folder
from train.export import export_model
from train.network import build_model
from train.prepare import train_tokenizer, write_atomically
from train.presets import PRESETS, Shape

TOLERANCE = 1e-3  # of a logit
TOKENS = 20
OPENING = "Once upon a time, Tom had a ball."
TEXTS = [f"{OPENING} One day, {name} went to the {place}." for name in ("Tom", "Mia") for place in ("park", "lake")]
# As the pages of models on the hub have it, in the interpreter of another environment.
QUICK_START = """
import json, sys
import torch, transformers
from transformers import AutoModelForCausalLM, AutoTokenizer
folder, opening, tokens = sys.argv[1], sys.argv[2], int(sys.argv[3])
transformers.utils.logging.set_verbosity_error()
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, torch_dtype=torch.float32).eval()
given = tokenizer(opening, return_tensors="pt")
plain = {"do_sample": False, "repetition_penalty": 1.0, "guidance_scale": 1.0}  # whatever a folder recommends
told = model.generate(**given, max_new_tokens=tokens, **plain)[0].tolist()
with torch.no_grad():
    logits = model(torch.tensor([told])).logits[0].tolist()
print(json.dumps([transformers.__version__, given["input_ids"][0].tolist(), told, logits]))
"""


@dataclass(frozen=True)
class Cell:
    """One folder by one version: the largest difference of a logit (nan where none came), and what came of it in words."""

    version: str
    folder: str
    difference: float
    verdict: str


def make_folders(place: Path) -> dict[str, Path]:
    """The folder that a run exports, in bfloat16 and float32, and the int8 folders: one of the same model, and what ships."""
    shape = Shape(hidden=64, layers=2, heads=4, intermediate=96, vocabulary=320, context=256, key_value_heads=2, rope_theta=1e5)
    tokenizer = train_tokenizer(TEXTS * 8, shape.vocabulary)
    write_atomically(place / "tokenizer.json", tokenizer.to_str(pretty=True).encode())
    model = build_model(replace(PRESETS["smoke"], shape=replace(shape, vocabulary=tokenizer.get_vocab_size())), 0)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.mul_(8)  # fresh weights are nearly uniform; these have opinions
    folders = {"exported, bfloat16": place / "bfloat16", "exported, float32": place / "float32"}
    export_model(model, place, folders["exported, bfloat16"])
    export_model(model, place, folders["exported, float32"], dtype=torch.float32)
    folders["exported, int8"] = place / "int8"
    export_folder(str(folders["exported, float32"]), "int8", folders["exported, int8"])
    return folders | {"the model that ships, int8": EMBEDDED_FOLDER}


def try_quick_start(python: str, name: str, folder: Path) -> Cell:
    """The quick start by an interpreter, and our engine's logits behind the same tokens."""
    run = subprocess.run([python, "-c", QUICK_START, str(folder), OPENING, str(TOKENS)], capture_output=True, text=True)
    if run.returncode:
        problem = (run.stderr.strip().splitlines() or ["nothing"])[-1]
        return Cell(python, name, float("nan"), f"fails: {problem[:100]}")
    version, given, told, theirs = json.loads(run.stdout.splitlines()[-1])
    engine = StoryEngine.load(str(folder), precision="float32", kernel="off")
    logits = engine.decoder.prefill(told, engine.decoder.new_slot(), all_logits=True)
    difference = float((logits - torch.tensor(theirs)).abs().max())
    ours, slot = list(given), engine.decoder.new_slot()
    last = engine.decoder.prefill(given, slot)
    while len(ours) < len(told):
        ours.append(int(last.argmax()))
        last = engine.decoder.step([ours[-1]], [slot])[0]
    cut = list(engine.tokenizer.encode_parts([OPENING], is_first=True)[0])
    wrong = [f"the opening is cut otherwise ({given} and {cut})"] if given != cut else []
    wrong += ["other words"] if ours != told else []
    wrong += ["other logits"] if not difference <= TOLERANCE else []
    return Cell(version, name, difference, ", ".join(wrong) or f"{len(told) - len(given)} tokens, all equal")


def measure(place: Path, pythons: Sequence[str]) -> Iterator[Cell]:
    """A cell for each folder and interpreter, one after the other; this interpreter is always among them."""
    folders = make_folders(place)
    for python in (*pythons, sys.executable):
        for name, folder in folders.items():
            yield try_quick_start(python, name, folder)


def print_table(cells: Iterable[Cell]) -> None:
    """Markdown, as `docs/models.md` shows it."""
    print("| transformers | folder | largest difference of a logit | verdict |\n|---|---|---|---|")
    for cell in cells:
        print(f"| {cell.version} | {cell.folder} | {cell.difference:.1e} | {cell.verdict} |", flush=True)
