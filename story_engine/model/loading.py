"""A model folder, loaded: its decoder with its tokenizer, the marks of its stories, and the settings that suit it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from story_engine.errors import ModelError
from story_engine.model.autotune import choose_kernel, load_decoder
from story_engine.model.config import read_config, read_object
from story_engine.model.folder_check import check_folder
from story_engine.model.hub import find_folder
from story_engine.model.quantize import choose_precision
from story_engine.model.special_tokens import SpecialTokens, find_special_tokens
from story_engine.model.tokenizer import StoryTokenizer
from story_engine.model.tokenizer_files import load_tokenizer
from story_engine.model.torch_decoder import AnyDecoder
from story_engine.model.weights import Weights, hash_weights
from story_engine.settings import Settings, recommend_settings


@dataclass(frozen=True)
class LoadedModel:
    """All that a folder gives. `context_length` is in tokens; `fingerprint` names the weights and how they are rounded."""

    decoder: AnyDecoder
    tokenizer: StoryTokenizer
    special: SpecialTokens
    context_length: int
    fingerprint: str
    recommended: Settings


def load_model(name: str, revision: str | None, device: str | None, precision: str, kernel: str) -> LoadedModel:
    """`embedded`, a folder, or a model of the hub; see `StoryEngine.load`.

    Raises:
        ModelError: it cannot be found, fetched or used; the message says what to do.
    """
    folder = find_folder(name, revision)
    config = read_config(folder)
    tokenizer = load_tokenizer(folder)
    if tokenizer.get_vocab_size() > config.vocab_size:
        raise ModelError(
            f"The tokenizer in {folder} has {tokenizer.get_vocab_size()} entries, the model only {config.vocab_size}. "
            "Fetch both again."
        )
    special = find_special_tokens(folder, tokenizer, config.vocab_size)
    config = replace(config, start_token=special.start)
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    has_kernel = choose_kernel(kernel, place)
    precision = choose_precision(precision, place, has_kernel)
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    weights = Weights(folder, config, dtype, place)
    hashed = hash_weights(folder)
    check_folder(folder, weights.config, hashed)
    decoder = load_decoder(weights.config, weights.take, precision, has_kernel)
    # Quantization is part of a model's identity: the same seed gives different words.
    fingerprint = hashed + decoder.rounding
    recommended = recommend_settings(read_object(folder, "generation_config.json") or {})
    return LoadedModel(decoder, StoryTokenizer(tokenizer), special, config.context_length, fingerprint, recommended)
