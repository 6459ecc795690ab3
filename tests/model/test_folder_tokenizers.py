"""Tokenizers as folders have them: the ids that the tokenizer gives, or a refusal in a line."""

import pytest
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from story_engine import Passage
from story_engine.context.cutting import Cutter
from story_engine.model.tokenizer import Vocabulary
from tests.conftest import make_stories
from tests.model.folders import change_tokenizer, refuse

LLAMA_3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
OTHER_CUTS = {
    "llama-3": pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA_3), "isolated"), BYTES]),
    "smollm": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(False)]),
    "prefix": pre_tokenizers.ByteLevel(add_prefix_space=True),
    "whole": BYTES,
}


@pytest.mark.parametrize("kind", OTHER_CUTS)
@pytest.mark.parametrize("normalizer", [None, normalizers.NFC()], ids=["plain", "nfc"])
def test_a_text_has_the_ids_that_its_tokenizer_gives_it_as_a_whole(folder, kind, normalizer):
    texts = [
        *make_stories(8),
        'He said: "No!"\n\n\n  "Why?"\r\n1234 cafe\u0301s...\n- So.  Yes. 👩‍👧',
        " A. B.",
        "\n\nTom.\n",
    ]
    whole = change_tokenizer(folder, pre_tokenizer=OTHER_CUTS[kind], normalizer=normalizer)
    whole.encode_special_tokens = True
    vocabulary = Vocabulary.read(folder)
    for text in texts:
        sentences = Cutter(vocabulary, 16).cut_path([Passage(0, None, "reader", text)])
        assert [token for sentence in sentences for token in sentence.ids] == whole.encode(text).ids
        assert all(sentence.ids for sentence in sentences)
    assert Cutter(vocabulary, 16).cut_path([Passage(0, None, "reader", "")]) == []
    inside = Cutter(vocabulary, 16).cut_path([Passage(1, 0, "reader", "Tom ran.")])
    assert vocabulary.decode(inside[0].ids) == "Tom ran."


def make_word_piece() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece({"[UNK]": 0, "tom": 1, "##s": 2}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.Whitespace()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def make_sentencepiece() -> Tokenizer:
    vocab = {"<unk>": 0, "<s>": 1, "</s>": 2, **{f"<0x{byte:02X}>": 3 + byte for byte in range(256)}, "▁": 259}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[], byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return tokenizer


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (make_word_piece, "of the kind WordPiece.*Choose a model"),
        (make_sentencepiece, "SentencePiece BPE with byte fallback.*Choose a model"),
        (lambda: Tokenizer(models.Unigram([("a", -1.0)], 0, False)), "of the kind Unigram"),
    ],
)
def test_tokenizers_that_are_not_byte_level_are_refused(folder, make, said):
    make().save(str(folder / "tokenizer.json"))
    refuse(folder, said)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"pre_tokenizer": pre_tokenizers.Whitespace()}, "cuts text by Whitespace, not ByteLevel"),
        ({"normalizer": normalizers.Lowercase()}, r"changes the text \(Lowercase\)"),
        ({"decoder": decoders.Fuse()}, "decoder is not ByteLevel"),
        (
            {"pre_tokenizer": pre_tokenizers.Sequence([pre_tokenizers.Split(" ", "removed"), BYTES])},
            "drops a part of the text",
        ),
    ],
)
def test_byte_level_tokenizers_that_lose_text_are_refused(folder, parts, said):
    change_tokenizer(folder, **parts)
    refuse(folder, said)
