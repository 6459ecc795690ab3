"""Stories to token shards: read, tokenize in parallel, write, remember what is done."""

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

from train.data import Meta, hash_file
from train.errors import TrainError
from train.presets import Preset
from train.serials import join_serials

END_OF_STORY = "<|endoftext|>"
STORIES_PER_SHARD = 50_000
STORIES_AT_ONCE = 1000


def read_stories(path: Path) -> Iterator[str]:
    """Stories of a text file in which each is followed by a line `<|endoftext|>`; read in bounded memory."""
    lines: list[str] = []
    with path.open(encoding="utf-8") as handle:
        for line in handle:
            if line.strip() == END_OF_STORY:
                if story := "".join(lines).strip():
                    yield story
                lines = []
            else:
                lines.append(line)
    if story := "".join(lines).strip():
        yield story


def open_stories(source: list[str], split: str = "train") -> Iterator[str]:
    """Stories from local files, in order, or from one hub data set, streamed.

    Raises:
        TrainError: a file is missing or the hub cannot be reached.
    """
    files = [Path(name) for name in source]
    if all(path.is_file() for path in files):
        for path in files:
            yield from read_stories(path)
        return
    if len(source) > 1 or any(name.startswith((".", "/")) or name.endswith(".txt") for name in source):
        missing = [str(path) for path in files if not path.is_file()]
        raise TrainError(f"No such file: {', '.join(missing)}. Give text files or one data set of the hub.")
    from datasets import load_dataset

    try:
        rows = load_dataset(source[0], split=split, streaming=True)
    except Exception as error:  # the hub client raises a dozen unrelated types when it cannot reach or find a data set
        raise TrainError(
            f"The data set {source[0]!r} cannot be read ({type(error).__name__}). Check the name and the network."
        ) from error
    for row in rows:
        if story := row["text"].strip():
            yield story


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


def load_tokenizer(preset: Preset, source: list[str], folder: Path) -> Tokenizer:
    """The tokenizer of an earlier run in `folder`, else the preset's: from the hub, or trained on the stories."""
    path = folder / "tokenizer.json"
    if path.is_file():
        return Tokenizer.from_file(str(path))
    if preset.tokenizer == "bpe":
        tokenizer = train_tokenizer(open_stories(source), preset.shape.vocabulary)
    else:
        try:
            tokenizer = Tokenizer.from_pretrained(preset.tokenizer)
        except Exception as error:  # as above: network and look-up errors share no type
            raise TrainError(
                f"The tokenizer {preset.tokenizer!r} cannot be fetched. Put its tokenizer.json into {folder} and run again."
            ) from error
    tokenizer.save(str(path))
    return tokenizer


def write_atomically(path: Path, content: bytes) -> None:
    """Old content or new content, never half of either, whatever happens."""
    aside = path.with_suffix(path.suffix + ".part")
    with aside.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    aside.replace(path)


def write_shards(
    stories: Iterator[str], tokenizer: Tokenizer, folder: Path, preset: Preset, per_shard: int = STORIES_PER_SHARD
) -> Meta:
    """Shards of shuffled stories, each closed by the end token; shards already recorded are counted, not made again.

    Where the preset asks for serials, every shard has one more file beside it: the same stories, as serials.
    """
    end_token = tokenizer.token_to_id(END_OF_STORY)
    if end_token is None:
        raise TrainError(f"The tokenizer has no {END_OF_STORY} token, which closes every story. Use another tokenizer.")
    # A story that contains the marker in its text must not end early.
    tokenizer.encode_special_tokens = True
    dtype = np.dtype(np.uint16 if tokenizer.get_vocab_size() <= 2**16 else np.uint32)
    progress_path = folder / "progress.json"
    progress: dict[str, dict[str, Any]] = json.loads(progress_path.read_text()) if progress_path.is_file() else {}
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
            write_atomically(progress_path, json.dumps(progress).encode())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        bar.set_postfix_str(f"{number * per_shard + len(batch):,} stories, peak memory {peak:.0f} MB")
    bar.close()
    shards = {name: facts for name, facts in progress.items() if name.startswith("stories")}
    if not shards:
        raise TrainError("There are no stories in the data. Each story is followed by a line `<|endoftext|>`.")
    return Meta(
        stories=sum(shard["stories"] for shard in shards.values()),
        tokens=sum(shard["tokens"] for shard in shards.values()),
        text_bytes=sum(shard["text_bytes"] for shard in shards.values()),
        end_token=end_token,
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
    data set's own validation split is taken where there is one. `start` is the model whose tokenizer is used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if start and not (folder / "tokenizer.json").is_file():
        write_atomically(folder / "tokenizer.json", (start / "tokenizer.json").read_bytes())
    tokenizer = load_tokenizer(preset, source, folder)
    if tokenizer.get_vocab_size() > preset.shape.vocabulary:
        raise TrainError(
            f"The tokenizer in {folder} has {tokenizer.get_vocab_size()} entries, the preset {preset.name!r} has room for "
            f"{preset.shape.vocabulary}. Use another folder or another preset."
        )
    meta = write_shards(open_stories(source), tokenizer, folder, preset, per_shard)
    from_hub = not all(Path(name).is_file() for name in source)
    if held_out or from_hub:
        stories = open_stories(held_out) if held_out else open_stories(source, split="validation")
        write_atomically(folder / "held-out.txt", "".join(f"{story}\n{END_OF_STORY}\n" for story in stories).encode())
    write_atomically(folder / "meta.json", json.dumps(asdict(meta), indent=1).encode())
    return meta
