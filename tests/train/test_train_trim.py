"""Trimmed models: the same tokens by new numbers, every byte still there, the same logits, and runs that start with them."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM

from story_engine import StoryEngine
from story_engine.model.kv_cache import Slot
from tests.conftest import make_stories
from tests.model.folders import change_tokenizer
from train.__main__ import main
from train.errors import TrainError
from train.lineage import Lineage
from train.prepare import prepare
from train.presets import PRESETS
from train.pretrained import load_model, read_shape
from train.run import Run
from train.stories import END_OF_STORY
from train.trim import check_can_be_cut, find_merges, trim_tokenizer

TEXTS = make_stories(12)
ADOPTING = replace(PRESETS["smoke"], tokenizer="start", adopts_shape=True, steps=4, phases=(0,), dropout=0.0)


@pytest.fixture(scope="module")
def whole_tokenizer() -> Tokenizer:
    """One of another text, larger than what the stories need, with a control token as instruction models have."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(False)])
    tokenizer.decoder = decoders.ByteLevel()
    other = ["The king of the north was walking in the garden of his daughters.", *make_stories(60)]
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=[END_OF_STORY, "<|im_start|>"],
        initial_alphabet=[byte for byte in pre_tokenizers.ByteLevel.alphabet() if byte not in "õö÷øùú"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(other, trainer)
    tokenizer.encode_special_tokens = True
    return tokenizer


@pytest.fixture(scope="module")
def llama(whole_tokenizer, tmp_path_factory) -> Path:
    """A tiny tied Llama with grouped keys, its own rope theta, epsilon and a window longer than the run's."""
    folder = tmp_path_factory.mktemp("llama")
    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=48,
        vocab_size=whole_tokenizer.get_vocab_size() + 3,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        rope_theta=50_000.0,
        rms_norm_eps=1e-3,
        pad_token_id=2,
    )
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.mul_(5)
    model.save_pretrained(folder)
    whole_tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="module")
def trimmed(llama, tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("trimmed")
    write(place / "text.txt", TEXTS)
    assert (
        main(["trim", "--start", str(llama), "--data", str(place / "text.txt"), "--context", "64", "--out", str(place / "m")])
        == 0
    )
    return place / "m"


def write(path: Path, stories: list[str]) -> Path:
    path.write_text("".join(f"{story}\n{END_OF_STORY}\n" for story in stories), encoding="utf-8")
    return path


def test_every_text_has_the_same_tokens_by_new_numbers(whole_tokenizer):
    trimmed, kept = trim_tokenizer(whole_tokenizer, TEXTS)
    trimmed.encode_special_tokens = True
    assert trimmed.get_vocab_size() == len(kept) < whole_tokenizer.get_vocab_size()
    for text in TEXTS:
        assert [kept[number] for number in trimmed.encode(text).ids] == whole_tokenizer.encode(text).ids
    assert trimmed.token_to_id(END_OF_STORY) == 0
    assert kept[0] == whole_tokenizer.token_to_id(END_OF_STORY)


@settings(max_examples=40)
@given(st.lists(st.text("ab é1.", min_size=1, max_size=25), min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_any_tokenizer_cuts_any_text_as_before_it_was_trimmed(texts, seed):
    """With merges in a random order, two of which may give the same token."""
    import random

    chance, alphabet = random.Random(seed), pre_tokenizers.ByteLevel.alphabet()
    known, merges = ["a", "b", "Ġ"], []
    for _ in range(12):
        pair = (chance.choice(known), chance.choice(known))
        if pair not in merges and len("".join(pair)) < 7:
            merges.append(pair)
            known.append("".join(pair))
    tokens = dict.fromkeys([END_OF_STORY, *alphabet, *known])
    whole = Tokenizer(models.BPE({token: number for number, token in enumerate(tokens)}, merges))
    whole.pre_tokenizer, whole.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    whole.add_special_tokens([END_OF_STORY])
    trimmed, kept = trim_tokenizer(whole, texts)
    for text in texts:
        assert [kept[number] for number in trimmed.encode(text).ids] == whole.encode(text).ids


@given(st.text(max_size=60))
def test_every_other_text_comes_back_whole(trimmed, text):
    """But for the normal form that the tokenizer had: all 256 bytes are there, also six that the whole one lacked."""
    tokenizer = Tokenizer.from_file(str(trimmed / "tokenizer.json"))
    tokenizer.encode_special_tokens = True
    normal = normalizers.NFC().normalize_str(text)
    assert tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) == normal
    assert set(pre_tokenizers.ByteLevel.alphabet()) <= set(tokenizer.get_vocab())


def test_merges_are_applied_one_at_a_time_as_bpe_does():
    """`abc` is made by two merges: after the first the pair of a lower rank is due, before the next of the same kind."""
    ranks = {("b", "c"): 9, ("a", "b"): 0, ("abc", "ab"): 1, ("ab", "c"): 2}
    assert find_merges("abcabc", ranks) == [("a", "b"), ("a", "b"), ("ab", "c"), ("abc", "ab")]


def test_a_trimmed_models_logits_are_the_wholes_on_the_tokens_it_kept(llama, trimmed, whole_tokenizer):
    """Within 1e-5 of logits of about 1: the rows are the same numbers, the sums fewer."""
    _, kept = trim_tokenizer(whole_tokenizer, TEXTS)
    tokenizer = Tokenizer.from_file(str(trimmed / "tokenizer.json"))
    ids = tokenizer.encode(TEXTS[3]).ids
    old = [number for number in kept if number is not None]
    new = [number for number, number_before in enumerate(kept) if number_before is not None]
    with torch.no_grad():
        whole = load_model(llama)(input_ids=torch.tensor([[kept[i] for i in ids]])).logits[0][:, old]
        cut = load_model(trimmed)(input_ids=torch.tensor([ids])).logits[0][:, new]
    assert whole.std() > 0.1
    assert (whole - cut).abs().max() < 1e-5
    shape = read_shape(trimmed, 2048)
    assert (shape.context, shape.key_value_heads, shape.rope_theta, shape.norm_epsilon) == (64, 2, 50_000.0, 1e-3)


def test_a_run_from_a_trimmed_llama_gives_a_folder_that_transformers_and_the_engine_agree_on(trimmed, tmp_path):
    """Within 1e-3 of logits of about 1, both in float32 from the same bfloat16 file; and it begins with the start's weights."""
    text = write(tmp_path / "text.txt", make_stories(60))
    preset = replace(ADOPTING, shape=read_shape(trimmed, 64))
    prepare(preset, [str(text)], None, tmp_path / "data", start=trimmed)
    run = Run(preset, tmp_path / "data", tmp_path / "run", lineage=Lineage(trimmed))
    begun = load_file(trimmed / "model.safetensors")
    assert all(torch.equal(weight, begun[name]) for name, weight in run.model.named_parameters())
    run.train(resume=False)
    folder = tmp_path / "run/model"
    engine = StoryEngine.load(str(folder), precision="float32")
    ids = Tokenizer.from_file(str(folder / "tokenizer.json")).encode(TEXTS[0]).ids[:40]
    slot = Slot(engine.decoder.config, engine.decoder.cache_dtype, engine.decoder.device)
    with torch.no_grad():
        theirs = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)(input_ids=torch.tensor([ids])).logits[0, -1]
    ours = engine.decoder.prefill(ids, slot).reshape(-1)[: len(theirs)]
    engine.close()
    assert theirs.std() > 0.1
    assert (ours - theirs).abs().max() < 1e-3


def test_the_whole_way_from_a_model_to_a_run_by_command(llama, tmp_path, capsys):
    """An adopting run takes the shape of a start whose window is longer than its own."""
    text = write(tmp_path / "text.txt", make_stories(60))
    fields = ["adopts_shape=true", "steps=2", "phases=none", "tokenizer=start", "dropout=0"]
    common = ["--preset", "smoke", "--start", str(llama), "--set", *fields]
    assert main(["prepare", *common, "--data", str(text), "--out", str(tmp_path / "data")]) == 0
    assert main(["run", *common, "--data", str(tmp_path / "data"), "--out", str(tmp_path / "run")]) == 0, (
        capsys.readouterr().err
    )
    config = json.loads((tmp_path / "run/model/config.json").read_text())
    assert (config["num_key_value_heads"], config["max_position_embeddings"], config["rms_norm_eps"]) == (2, 64, 1e-3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"type": "WordPiece"}, "no byte-level BPE"),
        ({"type": "Unigram", "vocab": [[END_OF_STORY, 0.0]]}, "no byte-level BPE"),
        ({"ignore_merges": True}, "ignore_merges"),
        ({"byte_fallback": True}, "byte_fallback"),
        ({"vocab": {"a": 0}}, "no <|endoftext|> token"),
    ],
)
def test_a_tokenizer_that_cannot_be_cut_is_refused(whole_tokenizer, change, said):
    described = json.loads(whole_tokenizer.to_str())
    described["model"] |= change
    with pytest.raises(TrainError, match=said):
        check_can_be_cut(described)


def test_a_tokenizer_without_bytes_is_refused(whole_tokenizer):
    described = json.loads(whole_tokenizer.to_str()) | {"pre_tokenizer": None}  # as Llama 2 has it
    with pytest.raises(TrainError, match=r"no byte-level BPE.*Start with a model of the GPT-2"):
        check_can_be_cut(described)


def change_config(folder: Path, **values: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: change_tokenizer(folder, normalizer=normalizers.Lowercase()), r"changes the text \(Lowercase\)"),
        (lambda folder: change_config(folder, model_type="gpt2"), "is a gpt2 model. Choose a Llama"),
        (lambda folder: change_config(folder, attention_bias=True), "biases"),
        (lambda folder: change_config(folder, quantization_config={"quant_method": "fp8"}), "quantized"),
        (
            lambda folder: change_config(folder, rope_parameters={"rope_type": "linear", "factor": 2.0, "rope_theta": 1e4}),
            "rope",
        ),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be read as JSON"),
        (lambda folder: (folder / "config.json").unlink(), "config.json is missing"),
        (lambda folder: change_config(folder, partial_rotary_factor=0.5), "only a part of each head"),
        (lambda folder: change_config(folder, rms_norm_eps="1e-6"), 'rms_norm_eps is "1e-6", not a number above 0'),
        (lambda folder: change_config(folder, rope_parameters=[1]), "scales its positions"),
        (lambda folder: (folder / "adapter_config.json").write_text("{}"), "holds an adapter.*Merge it"),
        (lambda folder: (folder / "model.safetensors").unlink(), "no safetensors file named model.safetensors"),
        (lambda folder: store_twice(folder), "stands in both part-0.safetensors and part-1.safetensors"),
        (lambda folder: store_twice(folder, keeps_whole=True), "beside an index that does not name it"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"x" * 99), "damaged"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "no tokenizer.json"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "cannot be read"),
        (lambda folder: change_config(folder, vocab_size=300), "entries, its model 300"),
        (lambda folder: change_config(folder, num_hidden_layers=4), "layers.3.*is missing"),
    ],
)
def test_a_start_that_cannot_be_used_is_named_and_nothing_is_written(llama, tmp_path, capsys, damage, said):
    import re

    shutil.copytree(llama, tmp_path / "start")
    damage(tmp_path / "start")
    text = write(tmp_path / "text.txt", TEXTS)
    assert main(["trim", "--start", str(tmp_path / "start"), "--data", str(text), "--out", str(tmp_path / "out")]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert re.search(said, line)
    assert not (tmp_path / "out").exists()


def store_twice(folder: Path, keeps_whole: bool = False) -> None:
    """Cut the weights into two files, with a tensor of zeros in both; or beside the whole ones."""
    weights = load_file(folder / "model.safetensors")
    names = list(weights)
    save_file({name: weights[name] for name in names[:6]}, folder / "part-0.safetensors")
    save_file({name: weights[name] * (name != names[5]) for name in names[5:]}, folder / "part-1.safetensors")
    files = dict.fromkeys(names[:6], "part-0.safetensors") | dict.fromkeys(names[6:], "part-1.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": files}))
    if not keeps_whole:
        (folder / "model.safetensors").unlink()


def test_a_tied_models_own_output_layer_is_ignored_where_it_is_the_embedding_and_refused_where_it_is_not(llama, tmp_path):
    shutil.copytree(llama, tmp_path / "start")
    path = tmp_path / "start/model.safetensors"
    weights = load_file(path)
    embedding = weights["model.embed_tokens.weight"]
    save_file(weights | {"lm_head.weight": embedding.clone()}, path)
    assert load_model(tmp_path / "start").lm_head.weight.equal(embedding)
    save_file(weights | {"lm_head.weight": embedding + 1}, path)
    with pytest.raises(TrainError, match="Set tie_word_embeddings to false"):
        load_model(tmp_path / "start")


def test_weights_in_several_files_are_read_by_their_index_and_no_other_file_counts(llama, tmp_path):
    folder = tmp_path / "start"
    LlamaForCausalLM.from_pretrained(llama).save_pretrained(folder, max_shard_size="20KB")
    assert len(list(folder.glob("model-*.safetensors"))) > 1
    stray = {name: torch.zeros_like(weight) for name, weight in load_file(llama / "model.safetensors").items()}
    save_file(stray, folder / "model_old.safetensors")
    whole, parts = load_model(llama).state_dict(), load_model(folder).state_dict()
    assert all(torch.equal(parts[name], weight) for name, weight in whole.items())


def test_a_start_or_teacher_that_does_not_fit_the_run_is_refused_before_it_begins(llama, trimmed, data, tmp_path):
    with pytest.raises(TrainError, match=r"another tokenizer than .*prepare the data in a new folder with --start"):
        Run(PRESETS["smoke"], data, tmp_path / "run", lineage=Lineage(llama))
    shutil.copytree(trimmed, tmp_path / "start")
    shutil.copy(data / "tokenizer.json", tmp_path / "start/tokenizer.json")
    with pytest.raises(TrainError, match=r"num_hidden_layers 3, the preset 2.*adopts_shape=true"):
        Run(PRESETS["smoke"], data, tmp_path / "run", lineage=Lineage(tmp_path / "start"))
    taught = replace(PRESETS["smoke"], teacher_share=0.5)
    with pytest.raises(TrainError, match=r"teacher .* knows [0-9]+ tokens, the preset 300"):
        Run(taught, data, tmp_path / "run", lineage=Lineage(teachers=(tmp_path / "start",)))
    assert not (tmp_path / "run").exists()
