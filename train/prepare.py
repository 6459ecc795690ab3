"""Stories to token shards: read, tokenize in parallel, write, remember what is done."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from train.data import Meta, hash_file
from train.errors import TrainError
from train.presets import Preset

END_OF_STORY = "<|endoftext|>"
STORIES_PER_SHARD = 50_000


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


def write_shards(stories: Iterator[str], tokenizer: Tokenizer, folder: Path, seed: int, per_shard: int) -> Meta:
    """Shards of shuffled stories, each closed by the end token; shards already recorded are counted, not made again."""
    end_token = tokenizer.token_to_id(END_OF_STORY)
    if end_token is None:
        raise TrainError(f"The tokenizer has no {END_OF_STORY} token, which closes every story. Use another tokenizer.")
    # A story that contains the marker in its text must not end early.
    tokenizer.encode_special_tokens = True
    dtype = np.dtype(np.uint16 if tokenizer.get_vocab_size() <= 2**16 else np.uint32)
    progress_path = folder / "progress.json"
    progress = json.loads(progress_path.read_text()) if progress_path.is_file() else {}
    begun, done_bytes = time.perf_counter(), 0
    for number in range(1_000_000):
        batch = list(islice(stories, per_shard))
        if not batch:
            break
        name = f"stories-{number:05d}.bin"
        if name not in progress or not (folder / name).is_file():
            order = np.random.default_rng((seed, number)).permutation(len(batch))
            encoded = tokenizer.encode_batch_fast([batch[i] for i in order], add_special_tokens=False)
            ids = np.concatenate([np.array([*one.ids, end_token], dtype=dtype) for one in encoded])
            write_atomically(folder / name, ids.tobytes())
            text_bytes = sum(len(story.encode()) for story in batch)
            progress[name] = {
                "sha256": hash_file(folder / name),
                "stories": len(batch),
                "tokens": len(ids),
                "text_bytes": text_bytes,
            }
            write_atomically(progress_path, json.dumps(progress).encode())
            done_bytes += text_bytes
        rate = done_bytes / 1e6 / (time.perf_counter() - begun)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        print(
            f"\r{name}: {sum(s['stories'] for s in progress.values()):,} stories, {rate:.1f} MB/s, peak {peak:.0f} MB", end=""
        )
    print()
    if not progress:
        raise TrainError("There are no stories in the data. Each story is followed by a line `<|endoftext|>`.")
    return Meta(
        stories=sum(shard["stories"] for shard in progress.values()),
        tokens=sum(shard["tokens"] for shard in progress.values()),
        text_bytes=sum(shard["text_bytes"] for shard in progress.values()),
        end_token=end_token,
        vocabulary=tokenizer.get_vocab_size(),
        dtype=dtype.name,
        tokenizer_sha256=hash_file(folder / "tokenizer.json"),
        shards=progress,
    )


def prepare(
    preset: Preset, source: list[str], held_out: list[str] | None, folder: Path, per_shard: int = STORIES_PER_SHARD
) -> Meta:
    """Make the data folder of a run; run again after a kill, it goes on where it stopped.

    `held_out` names the files of held-out stories, kept as text because they are scored per byte; without it, the
    data set's own validation split is taken where there is one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = load_tokenizer(preset, source, folder)
    if tokenizer.get_vocab_size() > preset.shape.vocabulary:
        raise TrainError(
            f"The tokenizer in {folder} has {tokenizer.get_vocab_size()} entries, the preset {preset.name!r} has room for "
            f"{preset.shape.vocabulary}. Use another folder or another preset."
        )
    meta = write_shards(open_stories(source), tokenizer, folder, preset.seed, per_shard)
    from_hub = not all(Path(name).is_file() for name in source)
    if held_out or from_hub:
        stories = open_stories(held_out) if held_out else open_stories(source, split="validation")
        write_atomically(folder / "held-out.txt", "".join(f"{story}\n{END_OF_STORY}\n" for story in stories).encode())
    write_atomically(folder / "meta.json", json.dumps(asdict(meta), indent=1).encode())
    return meta
