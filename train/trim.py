"""A pretrained model with the tokens that stories need: renumbered, with the rows of the weights that go with them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, pre_tokenizers
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM

from story_engine.model.tokenizer_files import find_changes
from train.errors import TrainError, write_aside
from train.export import write_folder
from train.pretrained import load_model, read_config, read_shape, read_tokenizer
from train.stories import END_OF_STORY, open_stories

Merge = tuple[str, str]
# Each changes how BPE merges, and would have to be followed merge by merge.
UNUSUAL = ("ignore_merges", "dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback")


def trim_folder(start: Path, source: list[str], out: Path, context_length: int) -> LlamaConfig:
    """Write the model of the folder `start` as `out`, cut to the tokens that the texts of `source` need.

    Raises:
        TrainError: the start is no Llama model, its tokenizer cannot be cut, a text is missing, or `out` exists. Nothing is
            written then.
    """
    if out.exists():
        raise TrainError(f"{out} exists. Choose another folder for the trimmed model.")
    if context_length < 2:
        raise TrainError("--context must be at least 2 tokens.")
    read_shape(start, context_length)
    tokenizer, config = read_tokenizer(start), read_config(start)
    if tokenizer.get_vocab_size() > config.vocab_size:
        raise TrainError(
            f"The tokenizer in {start} has {tokenizer.get_vocab_size():,} entries, its model {config.vocab_size:,}. Put back "
            "the tokenizer.json that belongs to the model."
        )
    trimmed, kept = trim_tokenizer(tokenizer, open_stories(source))
    model = load_model(start)
    trim_model(model, kept, kept.index(tokenizer.token_to_id(END_OF_STORY)), context_length)
    with write_aside(out) as aside:
        write_folder(model, trimmed, aside, torch.float32)
    return model.config


def trim_tokenizer(tokenizer: Tokenizer, texts: Iterable[str]) -> tuple[Tokenizer, list[int | None]]:
    """A byte-level BPE that knows only what `texts` need, and the old number of each of its tokens (None: it had none).

    It applies every merge that the whole tokenizer applies to any of these texts, in the same order of precedence. The merge
    that comes first among all is first among fewer, so the texts are cut into the same tokens, renumbered. All 256 bytes are
    there, also those that the whole tokenizer drops in silence, so every other text can still be written. The end of a story is
    the one special token, number 0.

    Raises:
        TrainError: the tokenizer is no byte-level BPE, or has no end-of-story token.
    """
    described = json.loads(tokenizer.to_str())
    check_can_be_cut(described)
    entries: dict[str, int] = described["model"]["vocab"]
    pairs = (m.split(" ", 1) if isinstance(m, str) else m for m in described["model"]["merges"])
    merges: list[Merge] = [(left, right) for left, right in pairs]
    ranks: dict[Merge, int] = {merge: rank for rank, merge in enumerate(merges)}
    words: set[str] = set()
    for text in texts:
        normal = tokenizer.normalizer.normalize_str(text) if tokenizer.normalizer else text
        words.update(word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normal))
    applied = {merge for word in words for merge in find_merges(word, ranks)}
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    known = {*(byte for byte in alphabet if byte in entries), *("".join(merge) for merge in applied)}
    tokens = [END_OF_STORY, *sorted(set(alphabet) - known), *sorted(known, key=entries.__getitem__)]
    end = next(added for added in described["added_tokens"] if added["content"] == END_OF_STORY)
    described["model"]["vocab"] = {token: number for number, token in enumerate(tokens)}
    described["model"]["merges"] = [list(merge) for merge in merges if merge in applied]
    described["model"]["unk_token"] = None  # no byte is unknown
    described["added_tokens"] = [end | {"id": 0, "special": True}]
    described |= {"post_processor": None, "truncation": None, "padding": None}
    return Tokenizer.from_str(json.dumps(described)), [entries.get(token) for token in tokens]


def check_can_be_cut(described: dict[str, Any]) -> None:
    """Whether a tokenizer, as its `tokenizer.json` describes it, is a byte-level BPE with an end-of-story token.

    Raises:
        TrainError: it is not; every problem is listed.
    """
    model, added, problems = described["model"], described["added_tokens"], []
    steps = described.get("pre_tokenizer") or {}
    if model["type"] != "BPE" or "ByteLevel" not in [s["type"] for s in (steps, *steps.get("pretokenizers", ())) if s]:
        problems.append("it is no byte-level BPE")
    problems += [f"its model has {option}" for option in UNUSUAL if model.get(option)] + find_changes(described)
    if own := [token["content"] for token in added if not token["special"] and token["content"] != END_OF_STORY]:
        problems.append(f"it cuts {own[0]!r} out of a text before it merges")
    if END_OF_STORY not in model["vocab"] or END_OF_STORY not in [token["content"] for token in added]:
        problems.append(f"it has no {END_OF_STORY} token")
    if problems:
        raise TrainError(
            f"This tokenizer cannot be cut: {'; '.join(problems)}. Start with a model of the GPT-2 or SmolLM kind."
        )


def find_merges(word: str, ranks: dict[Merge, int]) -> list[Merge]:
    """The merges that BPE applies to a word, in order: each time the pair of the lowest rank, the first of several."""
    parts, applied = list(word), []
    while len(parts) > 1:
        at, best = min(enumerate(pairwise(parts)), key=lambda place: ranks.get(place[1], len(ranks)))
        if best not in ranks:
            break
        applied.append(best)
        parts[at : at + 2] = ["".join(best)]
    return applied


@torch.no_grad()
def trim_model(model: LlamaForCausalLM, kept: list[int | None], end_token: int, context_length: int) -> None:
    """Leave a model the rows of `kept` tokens in its embedding and output layer, in that order; in place.

    A token that it did not have gets the mean of all rows.
    """

    def cut(weight: Tensor) -> torch.nn.Parameter:
        mean = weight.mean(dim=0)
        return torch.nn.Parameter(torch.stack([mean if old is None else weight[old] for old in kept]))

    tied, config = model.config.tie_word_embeddings, model.config
    model.model.embed_tokens.weight = cut(model.model.embed_tokens.weight)
    model.lm_head.weight = model.model.embed_tokens.weight if tied else cut(model.lm_head.weight)
    model.model.embed_tokens.num_embeddings = model.lm_head.out_features = config.vocab_size = len(kept)
    model.model.embed_tokens.padding_idx = config.pad_token_id = None
    config.bos_token_id = config.eos_token_id = end_token
    config.max_position_embeddings = min(context_length, config.max_position_embeddings)
