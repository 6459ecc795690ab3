"""Finding and loading models: the published shape exactly, and only what is safe and whole."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

from story_engine import HUB_MODELS, ModelError, Settings, Story, StoryEngine
from story_engine.model.config import read_config
from story_engine.model.hub import HUB_FILES, SUBFOLDERS, find_folder
from story_engine.model.weights import Weights
from train.network import build_config
from train.presets import PRESETS

PUBLISHED_PARAMETERS = 190_460_160


def test_the_published_configuration_has_its_exact_size(tmp_path):
    preset = PRESETS["test-1-3000"]
    config = build_config(preset, end_token=50_256)
    with torch.device("meta"):
        model = LlamaForCausalLM(config)
    assert sum(weight.numel() for weight in model.parameters()) == PUBLISHED_PARAMETERS
    assert preset.shape.parameters == PUBLISHED_PARAMETERS
    (tmp_path / "config.json").write_text(json.dumps(config.to_dict(), default=str))
    shapes = read_config(tmp_path).shapes()
    assert shapes == {name: tuple(weight.shape) for name, weight in model.state_dict().items()}


def test_a_saved_folder_loads_in_both_worlds_and_tells_the_same(tiny_folder):
    """As a user would: the folder goes to transformers and to us, and greedy words agree."""
    model = AutoModelForCausalLM.from_pretrained(tiny_folder)
    tokenizer = AutoTokenizer.from_pretrained(tiny_folder)
    engine = StoryEngine.load(str(tiny_folder), precision="float32")
    opening = "Once upon a time, Tom had a ball."
    ids = [tokenizer.bos_token_id, *tokenizer(opening)["input_ids"]]
    theirs = model.generate(torch.tensor([ids]), max_new_tokens=12, do_sample=False, repetition_penalty=1.0)[0, len(ids) :]
    story = Story(opening)
    list(engine.stream(story, Settings(temperature=0, repetition_penalty=1, max_new_tokens=15)))
    shared = min(12, len(story.last().tokens))
    assert shared >= 8
    assert list(story.last().tokens[:shared]) == theirs.tolist()[:shared]


def test_sharded_weights_load_like_whole_ones(tiny_folder, tmp_path):
    shutil.copytree(tiny_folder, tmp_path / "sharded")
    weights = load_file(tiny_folder / "model.safetensors")
    (tmp_path / "sharded/model.safetensors").unlink()
    files: dict[str, str] = {}
    for number, names in enumerate((list(weights)[::2], list(weights)[1::2])):
        save_file({name: weights[name] for name in names}, tmp_path / f"sharded/model-{number}.safetensors")
        files |= dict.fromkeys(names, f"model-{number}.safetensors")
    (tmp_path / "sharded/model.safetensors.index.json").write_text(json.dumps({"weight_map": files}))
    config = read_config(tmp_path / "sharded")
    loaded = Weights(tmp_path / "sharded", config, torch.float32, torch.device("cpu"))
    assert all(torch.equal(loaded.take(name), weights[name]) for name in config.shapes())


def drop_weights(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def truncate_weights(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def break_header(folder):
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[3] ^= 0xFF
    path.write_bytes(bytes(content))


def lose_a_tensor(folder):
    weights = load_file(folder / "model.safetensors")
    weights.pop("model.norm.weight")
    save_file(weights, folder / "model.safetensors")


def change_config(**values):
    def change(folder):
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | values))

    return change


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (drop_weights, "no safetensors"),
        (truncate_weights, "damaged"),
        (break_header, "damaged"),
        (lose_a_tensor, "do not fit"),
        (change_config(hidden_size=64), "do not fit"),
        (change_config(model_type="gpt2"), "not 'llama'"),
        (change_config(attention_bias=True, rope_parameters={"rope_type": "yarn"}), "scales its positions.*biases"),
        (change_config(num_attention_heads=None), "cannot be used"),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be used"),
        (lambda folder: (folder / "config.json").unlink(), r"no config\.json"),
        (lambda folder: (folder / "generation_config.json").write_text("["), "generation_config.json.*cannot be used"),
        (lambda folder: (folder / "tokenizer.json").unlink(), r"no tokenizer\.json"),
    ],
)
def test_a_folder_that_is_not_whole_is_refused_in_words(tiny_folder, tmp_path, damage, said):
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    damage(folder)
    with pytest.raises(ModelError, match=said):
        StoryEngine.load(str(folder))


@pytest.mark.parametrize(
    "name", ["nowhere", "./nowhere", "/no/where", "a/b/c", "~/nowhere/at-all", "~nobody-of-that-name/model"]
)
def test_names_that_are_nothing_are_refused_without_asking_the_hub(name, monkeypatch):
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *a, **k: pytest.fail("asked the hub"))
    with pytest.raises(ModelError, match="no model folder"):
        find_folder(name)


@pytest.mark.parametrize("name", HUB_MODELS)
def test_without_a_network_the_hub_is_named_in_one_line(name, monkeypatch, tmp_path):
    def fail(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", str(tmp_path))
    with pytest.raises(ModelError, match="cannot be fetched") as error:
        find_folder(name)
    assert "\n" not in str(error.value)


def test_the_first_fetch_pins_the_commit_for_later_ones(monkeypatch, tmp_path):
    asked = []

    def fetch(name, revision, **_):
        asked.append(revision)
        return str(tmp_path / "models" / "snapshots" / (revision or "c0ffee"))

    monkeypatch.setattr("huggingface_hub.snapshot_download", fetch)
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", str(tmp_path))
    for revision in (None, None, "facade", None):
        find_folder("GODELEV/Test-1-3000", revision)
    assert asked == [None, "c0ffee", "facade", "facade"]


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A hub that lists how it was asked, from a cache, and can be out of reach."""

    class Hub:
        def __init__(self):
            self.asked_locally, self.cached, self.error = [], False, None

        def fetch(self, name, local_files_only, revision=None, **_):
            self.asked_locally.append(local_files_only)
            if local_files_only and not self.cached:
                raise FileNotFoundError("not in the cache")
            if not local_files_only and self.error:
                raise self.error
            return str(tmp_path / "snapshots" / (revision or "c0ffee"))

    hub = Hub()
    monkeypatch.setattr("huggingface_hub.snapshot_download", hub.fetch)
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", str(tmp_path / "home"))
    return hub


def test_a_pinned_model_in_the_cache_starts_without_asking_the_hub(hub):
    find_folder("GODELEV/Test-1-3000")
    hub.cached, hub.error, hub.asked_locally = True, OSError("no network"), []
    assert find_folder("GODELEV/Test-1-3000").name == "c0ffee"
    assert hub.asked_locally == [True]


def test_a_pinned_model_that_has_left_the_cache_is_fetched_again(hub):
    for _ in range(2):
        find_folder("GODELEV/Test-1-3000")
    assert hub.asked_locally == [False, True, False]


def test_a_model_in_the_cache_is_read_where_the_hub_is_out_of_reach(hub):
    hub.cached, hub.error = True, OSError("no network")
    assert find_folder("GODELEV/Test-1-3000").name == "c0ffee"


def test_a_home_that_cannot_be_written_ends_nothing(hub, tmp_path):
    (tmp_path / "home").write_text("")  # a file where a folder should be
    assert find_folder("GODELEV/Test-1-3000").name == "c0ffee"
    hub.error = PermissionError("read-only")
    with pytest.raises(ModelError, match="Set HF_HOME to a folder that can"):
        find_folder("GODELEV/Test-1-3000")


def test_of_the_hub_only_the_files_of_one_model_are_fetched():
    from huggingface_hub.utils import filter_repo_objects

    wanted = ["config.json", "model.safetensors", "model-00001-of-00002.safetensors", "special_tokens_map.json", "merges.txt"]
    others = ["model_old.safetensors", "checkpoint-5/model.safetensors", "optimizer.safetensors", "x/config.json", "run.py"]
    chosen = filter_repo_objects([*wanted, *others], allow_patterns=HUB_FILES, ignore_patterns=SUBFOLDERS)
    assert list(chosen) == wanted


def test_the_embedded_model_tells_a_story_and_is_small(engine_embedded):
    folder = find_folder("embedded")
    assert sum(path.stat().st_size for path in folder.iterdir()) < 130_000_000
    assert all(path.stat().st_size < 50_000_000 for path in folder.iterdir())  # more than hosts of repositories take
    assert (folder / "README.md").is_file()
    story = Story("Once upon a time, there was a little girl named Lily.")
    list(engine_embedded.stream(story, Settings(seed=1)))
    words = story.last().text.split()
    assert len(words) > 40
    assert len(set(words)) > 0.3 * len(words)


def test_the_embedded_model_is_a_plain_folder_for_transformers():
    folder = find_folder("embedded")
    model = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer("Once upon a time")["input_ids"]
    assert model.generation_config.temperature == 0.7
    assert model.config.max_position_embeddings == 2048
