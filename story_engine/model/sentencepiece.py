"""SentencePiece's BPE with byte fallback, as Llama 2 has it: spaces are written as ▁, and a text gets one in front."""

from __future__ import annotations

from typing import Any, NamedTuple

from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers

SPACE = "▁"
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]  # the tokens of what no other token spells
WRITES_SPACES = {"type": "Replace", "pattern": {"String": " "}, "content": SPACE}
READS_SPACES = {"type": "Replace", "pattern": {"String": SPACE}, "content": " "}
STRIPS_FIRST = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
DECODERS = [READS_SPACES, {"type": "ByteFallback"}, {"type": "Fuse"}]


class Prefix(NamedTuple):
    """What a tokenizer puts in front of a text; in front of one that begins with a space only where it `is_always` there."""

    text: str = ""
    is_always: bool = False

    def of(self, text: str) -> str:
        """The prefix of this text."""
        return self.text if self.is_always or not text.startswith(" ") else ""


def find_problems(
    model: dict[str, Any],
    *,
    normalizers: list[dict[str, Any]],
    pre_tokenizers: list[dict[str, Any]],
    decoders: list[dict[str, Any]],
) -> list[str]:
    """Why a tokenizer of this kind, as `tokenizer.json` describes its parts, does not give text back; nothing if it does."""
    problems = []
    if lost := [token for token in BYTES if token not in model["vocab"]]:
        problems.append(f"it has no token for {len(lost)} of the 256 bytes")
    others = [step for step in normalizers if step not in (WRITES_SPACES, {"type": "Prepend", "prepend": SPACE})]
    if others:
        problems.append(f"it changes the text ({', '.join(step['type'] for step in others)})")
    cuts = [step["type"] for step in pre_tokenizers]
    if cuts not in ([], ["Metaspace"]) or any(step["replacement"] != SPACE for step in pre_tokenizers):
        problems.append(f"it cuts text by {' and '.join(cuts)}, not Metaspace")
    if not cuts and WRITES_SPACES not in normalizers:
        problems.append(f"it does not write spaces as {SPACE}")
    if [step for step in decoders if step != STRIPS_FIRST] != DECODERS:
        problems.append("its decoder is not SentencePiece's")
    return problems


def list_bytes(tokenizer: Tokenizer) -> dict[int, bytes]:
    """The bytes that each token stands for, in UTF-8; special tokens stand for none and are left out."""
    special = {id for id, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    values = {token: bytes([byte]) for byte, token in enumerate(BYTES)}
    return {
        id: values.get(token) or token.replace(SPACE, " ").encode()
        for token, id in tokenizer.get_vocab().items()
        if id not in special
    }


def open_inside(tokenizer: Tokenizer) -> Prefix:
    """Make a tokenizer of this kind encode and decode the inside of a text, without a space of its own in front.

    Returns:
        what it put in front until now.
    """
    prefix = Prefix()
    if isinstance(tokenizer.pre_tokenizer, pre_tokenizers.Metaspace):
        if tokenizer.pre_tokenizer.prepend_scheme != "never":
            prefix = Prefix(" ")
        tokenizer.pre_tokenizer.prepend_scheme = "never"
    if tokenizer.normalizer is not None:
        if "Prepend" in str(tokenizer.normalizer):
            prefix = Prefix(" ", is_always=True)
        tokenizer.normalizer = normalizers.Replace(" ", SPACE)
    tokenizer.decoder = decoders.Sequence([decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()])
    return prefix
