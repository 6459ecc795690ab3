"""Folders as people have them: told as transformers tells them, or refused in a line that says what to do."""

import json
import logging
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, processors
from transformers import AutoModelForCausalLM

from story_engine import Settings, Story
from tests.conftest import END_OF_STORY, make_stories
from tests.model.folders import IDS, change, change_tokenizer, load, refuse


@pytest.mark.parametrize("ids", [(1, 2), (99_999, 99_999), (-1, -1), (None, 2), (1, None), (1, [2, 3])])
def test_numbers_that_the_tokenizer_knows_as_text_are_not_taken(folder, caplog, ids):
    """1 and 2 are what a bare LlamaConfig has, whatever the tokenizer."""
    for file in ("config.json", "generation_config.json"):
        change(folder, file, bos_token_id=ids[0], eos_token_id=ids[1])
    (folder / "tokenizer_config.json").unlink()
    engine = load(folder)
    assert (engine.window.start, engine.end_tokens) == (0, {0})
    [record] = [record for record in caplog.records if record.name == "story_engine" and "begin with" in record.message]
    assert record.levelno == logging.WARNING
    assert "<|endoftext|> (0)" in record.message
    assert "config.json: " in record.message


def test_what_is_taken_is_said_without_a_warning_where_all_files_agree(folder, caplog):
    with caplog.at_level(logging.INFO, "story_engine"):
        load(folder)
    [record] = [record for record in caplog.records if "begin with" in record.message]
    assert record.levelno == logging.INFO


@pytest.mark.parametrize("file", ["tokenizer_config.json", "special_tokens_map.json"])
def test_marks_that_a_tokenizer_names_begin_and_end_a_story(folder, file):
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    described = json.loads(tokenizer.to_str())
    vocab = described["model"]["vocab"]
    for token, old in (("<s>", 318), ("</s>", 319)):  # neither is in the list of added tokens
        vocab[token] = vocab.pop(next(text for text, number in vocab.items() if number == old))
    described["model"]["merges"] = [pair for pair in described["model"]["merges"] if "".join(pair) in vocab]
    (folder / "tokenizer.json").write_text(json.dumps(described))
    change(folder, "tokenizer_config.json", bos_token=..., eos_token=...)
    change(folder, file, bos_token="<s>", eos_token={"content": "</s>"})
    change(folder, "config.json", bos_token_id=1, eos_token_id=2)
    change(folder, "generation_config.json", bos_token_id=1, eos_token_id=2)
    engine = load(folder)
    assert engine.window.start == 318
    assert engine.end_tokens == {0, 319}
    assert engine.tokenizer.special >= {318, 319}
    assert engine.tokenizer.decode([318, 40, 319]) == engine.tokenizer.decode([40])


@pytest.mark.parametrize(
    "named",
    [
        {"pad_token": "!"},
        {"eos_token": "."},
        {"bos_token": {"content": "!"}},
        {"unk_token": ";"},
        {"eos_token": [END_OF_STORY, "!"]},
    ],
)
@pytest.mark.parametrize("file", ["tokenizer_config.json", "special_tokens_map.json"])
def test_a_token_that_text_becomes_is_never_hidden_whatever_a_file_calls_it(folder, file, named):
    change(folder, file, **named)
    engine = load(folder)
    assert (engine.window.start, engine.end_tokens) == (0, {0})
    text = "Tom ran! Then he sat; he slept."
    assert engine.tokenizer.decode(engine.tokenizer.encode(text)) == text


def test_every_end_of_a_list_ends_a_story(folder):
    tokenizer = change_tokenizer(folder)
    marks = [next(text for text, number in tokenizer.get_vocab().items() if number == token) for token in (318, 319)]
    described = json.loads((folder / "tokenizer.json").read_text())
    described["added_tokens"] += [
        described["added_tokens"][0] | {"id": token, "content": text, "special": False}
        for token, text in zip((318, 319), marks, strict=True)
    ]
    (folder / "tokenizer.json").write_text(json.dumps(described))
    change(folder, "tokenizer_config.json", eos_token=[{"content": marks[0]}, marks[1]])
    assert load(folder).end_tokens == {0, 318, 319}


def test_the_beginning_that_a_tokenizer_adds_itself_comes_first(folder):
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.add_special_tokens(["<s>"])
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A", "<s> $A $B", [("<s>", 320)])
    tokenizer.save(str(folder / "tokenizer.json"))
    weights = load_file(folder / "model.safetensors")
    for name in ("model.embed_tokens.weight", "lm_head.weight"):
        weights[name] = torch.cat([weights[name], torch.zeros(1, 32)])
    save_file(weights, folder / "model.safetensors")
    change(folder, "config.json", vocab_size=321)
    assert load(folder).window.start == 320


def test_a_folder_without_any_end_is_refused(folder):
    described = (folder / "tokenizer.json").read_text()
    (folder / "tokenizer.json").write_text(described.replace(END_OF_STORY, "<|other|>"))
    for file in ("config.json", "generation_config.json"):
        change(folder, file, bos_token_id=1, eos_token_id=2)
    change(folder, "tokenizer_config.json", bos_token=..., eos_token=...)
    refuse(folder, "names no end token.*Set eos_token_id")


def test_a_model_that_lies_beside_the_model_is_not_read(folder, tiny_folder):
    weights = load_file(folder / "model.safetensors")
    save_file({name: torch.zeros_like(weight) for name, weight in weights.items()}, folder / "model_old.safetensors")
    one, other = load(folder), load(tiny_folder)
    assert one.fingerprint == other.fingerprint
    assert torch.equal(*(engine.decoder.prefill(IDS, engine.decoder.new_slot()) for engine in (one, other)))


def write_shards(folder: Path, parts: list[list[str]], **lies: str) -> None:
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    files = {}
    for number, names in enumerate(parts):
        save_file({name: weights[name] for name in names}, folder / f"part-{number}.safetensors")
        files |= dict.fromkeys(names, f"part-{number}.safetensors")
    index = {"weight_map": files | {name.replace("__", "."): file for name, file in lies.items()}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def test_shards_that_are_not_what_the_index_says_are_refused(folder, tmp_path):
    names = list(load_file(folder / "model.safetensors"))
    halves = [names[:5], names[5:]]

    def copy(name: str) -> Path:
        return shutil.copytree(folder, tmp_path / name)

    write_shards(good := copy("good"), halves)
    assert load(good).window.context_length
    shutil.copy(folder / "model.safetensors", good)
    refuse(good, "beside an index that does not name it")
    write_shards(twice := copy("twice"), [names[:6], names[5:]])
    refuse(twice, "stands in both part-0.safetensors and part-1.safetensors")
    write_shards(missing := copy("missing"), halves)
    (missing / "part-1.safetensors").unlink()
    refuse(missing, r"part-1.safetensors missing in .*Fetch or copy it again")
    write_shards(cut := copy("cut"), halves)
    (cut / "part-1.safetensors").write_bytes((cut / "part-1.safetensors").read_bytes()[:-9])
    refuse(cut, "part-1.safetensors is damaged.*Fetch or copy it again")
    write_shards(moved := copy("moved"), halves, **{names[0].replace(".", "__"): "part-1.safetensors"})
    refuse(moved, "differ about")
    write_shards(extra := copy("extra"), halves, model__more="part-0.safetensors")
    refuse(extra, "differ about model.more")
    write_shards(outside := copy("outside"), halves, **{names[0].replace(".", "__"): "../part-0.safetensors"})
    refuse(outside, "names no files beside it")
    (outside / "model.safetensors.index.json").write_text("[]")
    refuse(outside, "holds no named values")


@pytest.mark.parametrize(
    ("name", "tensor", "said"),
    [
        ("model.layers.0.self_attn.q_proj.bias", torch.zeros(32), "q_proj.bias is unknown"),
        ("model.layers.2.input_layernorm.weight", torch.zeros(32), "layers.2.input_layernorm.weight is unknown"),
        ("model.norm.weight", torch.ones(32).to(torch.float8_e4m3fn), "model.norm.weight is F8_E4M3, not F32"),
        ("model.norm.weight", torch.ones(32, dtype=torch.int8), "model.norm.weight is I8, not F32"),
        ("model.norm.weight", torch.ones(31), r"model.norm.weight is \[31\], not \[32\]"),
    ],
)
def test_tensors_that_the_config_has_no_place_for_are_refused(folder, name, tensor, said):
    weights = load_file(folder / "model.safetensors")
    save_file(weights | {name: tensor}, folder / "model.safetensors")
    refuse(folder, said)


def test_what_older_folders_hold_beside_is_ignored(folder):
    weights = load_file(folder / "model.safetensors")
    weights["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.zeros(4)
    save_file(weights, folder / "model.safetensors")
    assert load(folder)


@pytest.mark.parametrize("is_other", [True, False])
def test_an_output_layer_in_the_file_counts_whatever_the_config_says(folder, is_other):
    weights = load_file(folder / "model.safetensors")
    head = weights["model.embed_tokens.weight"].clone()
    weights["lm_head.weight"] = torch.randn_like(head) if is_other else head
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    change(folder, "config.json", tie_word_embeddings=True)
    engine = load(folder)
    assert engine.decoder.config.tied is not is_other
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.inference_mode():
        theirs = model(torch.tensor([IDS])).logits[0]
    assert (engine.decoder.prefill(IDS, engine.decoder.new_slot(), all_logits=True) - theirs).abs().max() < 1e-3


LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}


@pytest.mark.parametrize("key", ["rope_scaling", "rope_parameters"])
@pytest.mark.parametrize("rope", [{"rope_type": "linear", "factor": 4}, {"type": "linear", "factor": 2.5}, LLAMA3])
def test_scaled_positions_turn_as_transformers_turns_them(folder, key, rope):
    """Within 1e-3 of a logit, far behind the first context; and plain positions would tell another story."""
    change(folder, "config.json", **{"rope_scaling": ..., "rope_parameters": ..., "rope_theta": 10_000.0} | {key: rope})
    ids = IDS * 20
    logits = [load(folder).decoder]
    change(folder, "config.json", **{key: {"rope_type": "default", "rope_theta": 10_000.0}})
    logits.append(load(folder).decoder)
    change(folder, "config.json", **{key: rope})
    scaled, plain = (decoder.prefill(ids, decoder.new_slot(), all_logits=True) for decoder in logits)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.inference_mode():
        theirs = model(torch.tensor([ids])).logits[0]
    assert (scaled - theirs).abs().max() < 1e-3
    assert (plain - theirs).abs().max() > 1e-2


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"model_type": "gpt2", "num_attention_heads": ...}, "its architecture is 'gpt2'"),
        ({"model_type": "gpt_neo", "num_attention_heads": ...}, "its architecture is 'gpt_neo'"),
        ({"model_type": ...}, "its architecture is None"),
        ({"bos_token_id": [0]}, r"bos_token_id is \[0\], not one whole number"),
        ({"bos_token_id": "0", "eos_token_id": ["0"]}, r'bos_token_id is "0".*eos_token_id is \["0"\]'),
        ({"rms_norm_eps": "1e-6"}, 'rms_norm_eps is "1e-6", not a number'),
        ({"rms_norm_eps": 0}, "rms_norm_eps is 0, not a number above 0"),
        ({"head_dim": 7}, "head_dim 7 is odd"),
        ({"num_key_value_heads": 3}, "no multiple of num_key_value_heads 3"),
        ({"num_attention_heads": 5, "num_key_value_heads": 5, "head_dim": None}, "no multiple of num_attention_heads 5"),
        ({"num_hidden_layers": 2.0, "vocab_size": ...}, "num_hidden_layers is 2.0.*vocab_size is missing"),
        ({"tie_word_embeddings": "no"}, 'tie_word_embeddings is "no"'),
        ({"hidden_act": "gelu"}, "activation is 'gelu'"),
        ({"rope_scaling": {"type": "yarn", "factor": 4}}, r"scales its positions \(yarn\)"),
        ({"rope_scaling": {"type": "linear"}}, "factor of its positions is None, not a number above 0"),
        ({"rope_scaling": {"type": "linear", "factor": True}}, "factor of its positions is True"),
        ({"rope_scaling": LLAMA3 | {"high_freq_factor": 1.0}}, "high_freq_factor of its positions is not above"),
        ({"rope_parameters": {"rope_type": "default", "rope_theta": "big"}}, 'rope_theta is "big"'),
        ({"rope_scaling": {"rope_type": ["linear"]}}, "scales its positions"),
        ({"rope_scaling": None, "rope_parameters": [1]}, "scales its positions"),
        ({"max_position_embeddings": 8}, "max_position_embeddings 8 is too few"),
        ({"partial_rotary_factor": 0.5}, "only a part of each head"),
    ],
)
def test_configs_that_cannot_be_followed_are_refused_in_a_line(folder, values, said):
    change(folder, "config.json", **values)
    refuse(folder, said)


def test_swish_is_another_name_of_silu(folder):
    change(folder, "config.json", hidden_act="swish")
    assert load(folder)


def test_an_adapter_is_refused(folder):
    (folder / "adapter_config.json").write_text("{}")
    refuse(folder, "holds an adapter.*Merge it")


def test_the_older_layout_has_its_special_tokens(folder):
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.model.save(str(folder))
    (folder / "tokenizer.json").unlink()
    change(folder, "tokenizer_config.json", bos_token=..., eos_token=..., tokenizer_class="GPT2Tokenizer")
    change(folder, "special_tokens_map.json", bos_token=END_OF_STORY, eos_token=END_OF_STORY)
    engine = load(folder)
    assert engine.tokenizer.special == {0}
    assert (engine.window.start, engine.end_tokens) == (0, {0})
    text = make_stories(1)[0]
    assert engine.tokenizer.encode(text) == tokenizer.encode(text).ids


@pytest.mark.parametrize(
    ("said", "guidance", "min_p"),
    [
        ({"guidance_scale": 1.5}, 0.5, 0.0),
        ({"guidance_scale": 1.5, "min_p": 0.1}, 0.5, 0.1),
        ({"guidance_scale": "much", "min_p": 0.1}, 0.0, 0.1),
        ({"guidance_scale": 9, "min_p": 9}, 0.0, 0.0),
        ({"guidance_scale": True, "min_p": None}, 0.0, 0.0),
        ({}, 0.0, 0.0),
    ],
)
def test_what_a_folder_asks_for_by_its_own_choice_is_recommended(folder, said, guidance, min_p):
    change(folder, "generation_config.json", **said, temperature=0.1)
    engine = load(folder)
    assert engine.recommended == Settings(guidance=guidance, min_p=min_p, max_new_tokens=126)  # half of its context, less two
    story = Story("Tom went out.")
    list(engine.stream(story))
    assert story.last().receipt.settings.guidance == guidance
