"""Tokenizers as folders have them: the ids that the tokenizer gives, or a refusal in a line."""

import json

import pytest
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import AutoTokenizer

from story_engine import Passage, Settings, Story
from story_engine.context.cutting import Cutter
from story_engine.insight.replay import replay_passage
from story_engine.model.tokenizer import StoryTokenizer
from tests.conftest import make_stories
from tests.model.folders import change, change_tokenizer, load, refuse

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
    tokenizer = StoryTokenizer.read(folder)
    for text in texts:
        sentences = Cutter(tokenizer, 16).cut_path([Passage(0, None, "reader", text)])
        assert [token for sentence in sentences for token in sentence.ids] == whole.encode(text).ids
        assert all(sentence.ids for sentence in sentences)
    assert Cutter(tokenizer, 16).cut_path([Passage(0, None, "reader", "")]) == []
    inside = Cutter(tokenizer, 16).cut_path([Passage(1, 0, "reader", "Tom ran.")])
    assert tokenizer.decode(inside[0].ids) == "Tom ran."


def make_word_piece() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece({"[UNK]": 0, "tom": 1, "##s": 2}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.Whitespace()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def make_sentencepiece(*, by_metaspace: bool = False, first: int = 0, **parts) -> Tokenizer:
    """As Llama 2 has it: spaces by normalizers, or as its newer files have it, by a Metaspace; `first` is its first byte."""
    letters = sorted({letter for story in make_stories(8) for letter in story} - {" ", "9", "\n"})
    merges = [("▁", letter) for letter in "tTaw"] + [("▁t", "h"), ("▁th", "e"), ("▁T", "o"), ("▁To", "m"), ("e", "r")]
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(first, 256)), "▁", *letters]
    tokens = [*tokens, *map("".join, merges)][:320]
    vocab = {token: number for number, token in enumerate(tokens)}
    merges = [pair for pair in merges if "".join(pair) in vocab]
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    if by_metaspace:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    else:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    tokenizer.decoder = decoders.Sequence(steps)
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    for name, part in parts.items():
        setattr(tokenizer, name, part)
    return tokenizer


@pytest.fixture
def sentencepiece_folder(folder, request):
    make_sentencepiece(by_metaspace=request.param).save(str(folder / "tokenizer.json"))
    change(folder, "tokenizer_config.json", bos_token="<s>", eos_token="</s>", tokenizer_class="PreTrainedTokenizerFast")
    for file in ("config.json", "generation_config.json"):
        change(folder, file, bos_token_id=1, eos_token_id=2)
    return folder


@pytest.mark.parametrize("sentencepiece_folder", [False, True], ids=["normalizers", "metaspace"], indirect=True)
def test_sentencepiece_has_the_ids_of_the_whole_text_and_gives_every_text_back(sentencepiece_folder):
    """Letters and bytes that no token spells, spaces at both ends, and the inside of a story, which gets no space in front."""
    engine = load(sentencepiece_folder)
    tokenizer = engine.tokenizer
    assert (engine.window.start, engine.end_tokens) == (1, {2})
    texts = [*make_stories(8), " A. B.", "\n\nTom.\n", "  Tom the  9 \U0001f469‍\U0001f467 ni\xf1a.  ", "▁Tom <0x41> </s>"]
    whole = AutoTokenizer.from_pretrained(sentencepiece_folder)
    for text in texts:
        sentences = Cutter(tokenizer, 64).cut_path([Passage(0, None, "reader", text)])
        ids = [token for sentence in sentences for token in sentence.ids]
        if "</s>" not in text:  # which transformers takes for the end of a story
            assert ids == whole(text, add_special_tokens=False)["input_ids"]
        read = text.replace("▁", " ")
        assert tokenizer.decode(ids) in (read, f" {read}")
        assert tokenizer.decode(tokenizer.encode(text)) == read


@pytest.mark.parametrize("sentencepiece_folder", [False], indirect=True)
def test_a_story_is_told_with_sentencepiece(sentencepiece_folder):
    engine, story = load(sentencepiece_folder), Story("Tom went out.")
    list(engine.stream(story, Settings(seed=1, max_new_tokens=40)))
    list(engine.stream(story, Settings(seed=2, max_new_tokens=40), text="Then Tom saw the kite."))
    assert [passage.author for passage in story.path()] == ["reader", "model", "reader", "model"]
    window = engine.window_of(story, Settings(max_new_tokens=40))
    assert engine.tokenizer.decode(window.ids[1:]).removeprefix(" ") == story.text()
    assert replay_passage(engine, story, story.path()[1].id).is_identical


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (make_word_piece, "of the kind WordPiece.*Choose a model"),
        (lambda: make_sentencepiece(first=9), "no token for 9 of the 256 bytes.*Choose a model"),
        (lambda: make_sentencepiece(normalizer=normalizers.Lowercase()), r"changes the text \(Lowercase\); it does not write"),
        (lambda: make_sentencepiece(pre_tokenizer=pre_tokenizers.Whitespace()), "cuts text by Whitespace, not Metaspace"),
        (lambda: make_sentencepiece(decoder=decoders.Fuse()), "decoder is not SentencePiece's"),
        (lambda: Tokenizer(models.Unigram([("a", -1.0)], 0, False)), "of the kind Unigram"),
    ],
)
def test_tokenizers_that_lose_text_are_refused(folder, make, said):
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


def test_a_byte_level_tokenizer_that_lacks_bytes_is_refused(folder):
    """As one that was trained on plain English without all bytes: it drops what it has not seen."""
    described = json.loads((folder / "tokenizer.json").read_text())
    vocab = described["model"]["vocab"]
    for letter in "Ã©ð":
        vocab[f"{letter}-"] = vocab.pop(letter)
    (folder / "tokenizer.json").write_text(json.dumps(described))
    refuse(folder, "no token for 3 of the 256 bytes.*Choose a model")


@pytest.mark.parametrize("side", ["lstrip", "rstrip"])
def test_an_added_token_that_takes_spaces_away_is_refused(folder, side):
    described = json.loads((folder / "tokenizer.json").read_text())
    described["added_tokens"].append(described["added_tokens"][0] | {"id": 319, "content": "Tom", "special": False, side: True})
    (folder / "tokenizer.json").write_text(json.dumps(described))
    refuse(folder, "added token 'Tom' takes away the spaces")


def test_a_tokenizer_that_is_no_json_is_refused_with_a_remedy(folder):
    (folder / "tokenizer.json").write_text("version https://git-lfs.github.com/spec/v1")
    refuse(folder, "cannot be read .*Fetch or copy it again")
