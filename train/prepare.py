"""Stories to token shards: read, tokenize in parallel, write, remember what is done and what it was made from."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from tqdm import tqdm

from story_engine.model import tokenizer_files
from train.data import Meta, hash_file
from train.errors import TrainError
from train.presets import Preset
from train.pretrained import read_tokenizer
from train.serials import join_serials
from train.stories import END_OF_STORY, FORMS, has_split, is_local, open_stories
from train.survey import Survey

STORIES_PER_SHARD = 50_000
STORIES_AT_ONCE = 1000
PROGRESS = "progress.json"
ORIGIN = {
    "texts": "of other texts",
    "tokenizer": "by another tokenizer",
    "seed": "with another seed",
    "serials": "with serials or without",
    "stories_per_shard": "with another number of stories each",
}


def train_tokenizer(stories: Iterable[str], vocabulary: int) -> Tokenizer:
    """A byte-level BPE: every text round-trips, and the end of a story is its one special token, number 0."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END_OF_STORY],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(stories, trainer)
    return tokenizer


def load_tokenizer(preset: Preset, source: list[str], folder: Path, start: Path | None = None) -> Tokenizer:
    """The tokenizer that lies in `folder`, else that of the start, or the preset's: from the hub, or trained on the stories.

    Raises:
        TrainError: it cannot be fetched or read, is no byte-level one, or has no end of a story or more entries than there is
            room for.
    """
    path = folder / "tokenizer.json"
    if not path.is_file():
        if start:  # byte for byte: runs compare its hash
            write_atomically(path, (start / "tokenizer.json").read_bytes())
        elif preset.tokenizer == "bpe":
            write_atomically(path, train_tokenizer(open_stories(source), preset.shape.vocabulary).to_str(pretty=True).encode())
        else:
            write_atomically(path, _fetch_tokenizer(preset.tokenizer, folder).to_str(pretty=True).encode())
    tokenizer = read_tokenizer(folder)
    if problems := find_problems(tokenizer, preset):
        raise TrainError(f"The tokenizer in {folder} {' and '.join(problems)}. Use another folder, tokenizer or preset.")
    return tokenizer


def find_problems(tokenizer: Tokenizer, preset: Preset) -> list[str]:
    """What keeps a tokenizer from a run of the preset, in words."""
    problems = []
    if tokenizer.token_to_id(END_OF_STORY) is None:
        problems.append(f"has no {END_OF_STORY} token, which closes every story")
    described = json.loads(tokenizer.to_str())
    if "ByteLevel" not in json.dumps(described["decoder"]):
        problems.append("is no byte-level one, so that it does not give every text back")
    elif lost := tokenizer_files.find_problems(described):
        problems.append(f"does not give every text back ({'; '.join(lost)})")
    if tokenizer.get_vocab_size() > preset.shape.vocabulary:
        problems.append(
            f"has {tokenizer.get_vocab_size():,} entries, the preset {preset.name!r} has room for {preset.shape.vocabulary:,}"
        )
    return problems


def _fetch_tokenizer(name: str, folder: Path) -> Tokenizer:
    try:
        return Tokenizer.from_pretrained(name)
    except Exception as error:  # network and look-up errors share no type
        raise TrainError(
            f"The tokenizer {name!r} cannot be fetched. Put its tokenizer.json into {folder} and run again."
        ) from error


def write_atomically(path: Path, content: bytes) -> None:
    """Old content or new content, never half of either, whatever happens."""
    aside = path.with_suffix(path.suffix + ".part")
    with aside.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    aside.replace(path)


def note_origin(folder: Path, origin: dict[str, Any]) -> None:
    """Begin the folder's record of shards with what they are made from, or compare that with what they were made from.

    Raises:
        TrainError: the folder holds shards of something else; each difference is listed.
    """
    path = folder / PROGRESS
    if not path.is_file() and not (folder / "meta.json").is_file():
        write_atomically(path, json.dumps({"origin": origin, "shards": {}}).encode())
        return
    try:
        noted = json.loads(path.read_text(encoding="utf-8"))["origin"]
        differing = [said for name, said in ORIGIN.items() if noted[name] != origin[name]]
    except (OSError, ValueError, KeyError, TypeError):
        differing = ["what they were made from is not noted"]
    if differing:
        raise TrainError(
            f"{folder} holds shards made otherwise: {'; '.join(differing)}. Choose another folder, or delete this one."
        )


def find_origin(preset: Preset, source: list[str], per_shard: int, start: Path | None) -> dict[str, Any]:
    """What the shards of a folder depend on: the texts, by their hashes, the tokenizer, and fields of the preset."""
    own = f"{preset.tokenizer}, {preset.shape.vocabulary} entries"
    return {
        "texts": [hash_file(Path(name)) for name in source] if is_local(source) else source,
        "tokenizer": hash_file(start / "tokenizer.json") if start else own,
        "seed": preset.seed,
        "serials": preset.serials,
        "stories_per_shard": per_shard,
    }


def write_shards(
    stories: Iterator[str], tokenizer: Tokenizer, folder: Path, preset: Preset, per_shard: int = STORIES_PER_SHARD
) -> Meta:
    """Shards of shuffled stories, each closed by the end token; shards already recorded are counted, not made again.

    Where the preset asks for serials, every shard has one more file beside it: the same stories, as serials.
    """
    # A story that contains the marker in its text must not end early.
    tokenizer.encode_special_tokens = True
    dtype = np.dtype(np.uint16 if tokenizer.get_vocab_size() <= 2**16 else np.uint32)
    noted = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))
    progress: dict[str, dict[str, Any]] = noted["shards"]
    if progress and noted["tokenizer_sha256"] != hash_file(folder / "tokenizer.json"):
        raise TrainError(
            f"The tokenizer in {folder} is not the one that made its shards. Put that one back, or choose another folder."
        )
    noted["tokenizer_sha256"] = hash_file(folder / "tokenizer.json")
    bar = tqdm(unit="B", unit_scale=True, unit_divisor=1000, desc="prepare", mininterval=0.5)
    for number in range(1_000_000):
        batch = list(islice(stories, per_shard))
        if not batch:
            break
        name = f"stories-{number:05d}.bin"
        serial = name.replace("stories", "serials")
        wanted = [name, serial] if preset.serials else [name]
        if any(file not in progress or not (folder / file).is_file() for file in wanted):
            order = np.random.default_rng((preset.seed, number)).permutation(len(batch))
            shuffled = [batch[i] for i in order]
            for file in wanted:
                texts = shuffled if file == name else join_serials(shuffled)
                progress[file] = write_shard(folder / file, texts, tokenizer, dtype, bar)
            write_atomically(folder / PROGRESS, json.dumps(noted).encode())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        bar.set_postfix_str(f"{number * per_shard + len(batch):,} stories, peak memory {peak:.0f} MB")
    bar.close()
    shards = {name: facts for name, facts in progress.items() if name.startswith("stories")}
    if not shards:
        raise TrainError(f"There are no stories in the data. Give {FORMS}.")
    return Meta(
        stories=sum(shard["stories"] for shard in shards.values()),
        tokens=sum(shard["tokens"] for shard in shards.values()),
        text_bytes=sum(shard["text_bytes"] for shard in shards.values()),
        end_token=tokenizer.get_vocab()[END_OF_STORY],
        vocabulary=tokenizer.get_vocab_size(),
        dtype=dtype.name,
        tokenizer_sha256=hash_file(folder / "tokenizer.json"),
        shards=shards,
        serials={name: facts for name, facts in progress.items() if name not in shards},
    )


def write_shard(path: Path, texts: list[str], tokenizer: Tokenizer, dtype: np.dtype, bar: tqdm) -> dict[str, Any]:
    """Texts as one run of token numbers, each closed by the end token; returns what `meta.json` says of the file.

    The tokenizer works on every core; a part at a time, as its findings take twenty times the memory of the tokens.
    """
    end_token, parts, text_bytes = tokenizer.token_to_id(END_OF_STORY), [], 0
    for at in range(0, len(texts), STORIES_AT_ONCE):
        some = texts[at : at + STORIES_AT_ONCE]
        encoded = tokenizer.encode_batch_fast(some, add_special_tokens=False)
        parts += [np.array([*one.ids, end_token], dtype=dtype) for one in encoded]
        size = sum(len(text.encode()) for text in some)
        text_bytes += size
        bar.update(size)
    ids = np.concatenate(parts)
    write_atomically(path, ids.tobytes())
    return {"sha256": hash_file(path), "stories": len(texts), "tokens": len(ids), "text_bytes": text_bytes}


def prepare(
    preset: Preset,
    source: list[str],
    held_out: list[str] | None,
    folder: Path,
    per_shard: int = STORIES_PER_SHARD,
    start: Path | None = None,
) -> Meta:
    """Make the data folder of a run; run again after a kill, it goes on where it stopped.

    `held_out` names the files of held-out stories, kept as text because they are scored per byte; without it, the
    data set's own validation split is taken where there is one. `start` is the model whose tokenizer is used. What the text
    is like, and what looks odd in it, is printed.

    Raises:
        TrainError: a text or the tokenizer is missing or cannot be used, or the folder holds shards of other texts, of another
            tokenizer or of a preset that makes others.
    """
    if start:
        read_tokenizer(start)
    elif preset.tokenizer == "start":
        raise TrainError(f"Preset {preset.name!r} takes the tokenizer of a model. Add --start MODEL; `trim` makes one.")
    told = read_held_out(source, held_out)
    origin = find_origin(preset, source, per_shard, start)
    folder.mkdir(parents=True, exist_ok=True)
    note_origin(folder, origin)
    tokenizer = load_tokenizer(preset, source, folder, start)
    survey = Survey(told)
    meta = write_shards(survey.watch(open_stories(source)), tokenizer, folder, preset, per_shard)
    if told:
        write_atomically(folder / "held-out.txt", "".join(f"{story}\n{END_OF_STORY}\n" for story in told).encode())
    write_atomically(folder / "meta.json", json.dumps(asdict(meta), indent=1).encode())
    print("\n".join(survey.describe()))
    return meta


def read_held_out(source: list[str], held_out: list[str] | None) -> list[str]:
    """The held-out stories, before any other work: what is missing is noticed first.

    Raises:
        TrainError: a file is missing or unclear, or holds no story.
    """
    if held_out:
        told = list(open_stories(held_out))
        if not told:
            raise TrainError(f"There are no held-out stories in {', '.join(held_out)}. Give {FORMS}.")
    elif is_local(source):
        return []
    elif has_split(source[0], "validation"):
        told = list(open_stories(source, split="validation"))
    else:
        print(f"{source[0]} has no validation split, so no held-out loss will be measured. --held-out FILES gives one.")
        return []
    survey = Survey()
    for _ in survey.watch(told):
        pass
    print("\n".join(f"held out: {line}" for line in survey.describe()))
    return told
