"""Training data, presets and schedules: batches by (seed, step) alone, and the published one-cycle."""

import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from train.data import Shards, TokenRows
from train.errors import TrainError
from train.network import LanguageModelLoss, build_model
from train.optim import beta1_at, build_optimizers, scale_at
from train.packing import StoryRows
from train.prepare import prepare
from train.presets import PRESETS, find_preset
from train.serials import BREAK, find_hero, join_serials
from train.stories import read_stories

SMOKE = PRESETS["smoke"]
END = 0


def test_shards_hold_every_story_once_closed_by_the_end_token(data, stories):
    rows = TokenRows(data, seed=0)
    told = list(read_stories(stories / "train.txt"))
    assert rows.meta.stories == len(told) == 300
    assert len(rows.meta.shards) == 3
    tokens = rows.tokens.read(0, len(rows.tokens))
    assert int((tokens == rows.meta.end_token).sum()) == 300
    tokenizer = StoryTokenizer(data)
    found = np.split(tokens, np.flatnonzero(tokens == rows.meta.end_token) + 1)
    assert sorted(tokenizer.decode(part[:-1]) for part in found if len(part)) == sorted(told)


class StoryTokenizer:
    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def decode(self, ids) -> str:
        return self._tokenizer.decode([int(token) for token in ids])


def test_preparing_again_after_a_kill_makes_only_what_is_missing(data, stories, tmp_path):
    shutil.copytree(data, tmp_path / "data")
    (tmp_path / "data/meta.json").unlink()
    (tmp_path / "data/stories-00001.bin").unlink()
    old = (tmp_path / "data/stories-00000.bin").stat().st_mtime_ns
    meta = prepare(SMOKE, [str(stories / "train.txt")], None, tmp_path / "data", per_shard=120)
    assert (tmp_path / "data/stories-00000.bin").stat().st_mtime_ns == old
    assert meta.shards == TokenRows(data, 0).meta.shards


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"texts": 61}, "of other texts"),
        ({"seed": 5}, "with another seed"),
        ({"serials": False}, "with serials or without"),
        ({"shape": replace(SMOKE.shape, vocabulary=400)}, "by another tokenizer"),
        ({"per_shard": 50}, "with another number of stories"),
    ],
)
def test_a_folder_of_other_shards_is_refused_and_left_as_it_is(data, stories, tmp_path, change, said):
    """Shards are known by what they were made from, not by their names."""
    shutil.copytree(data, tmp_path / "data")
    before = {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()}
    source, per_shard, preset = stories / "train.txt", 120, SMOKE
    if "texts" in change:
        source = tmp_path / "train.txt"
        source.write_text((stories / "train.txt").read_text() + "One more. It ends.\n")
    elif "per_shard" in change:
        per_shard = change["per_shard"]
    else:
        preset = replace(SMOKE, **change)
    with pytest.raises(TrainError, match=f"made otherwise: {said}.*Choose another folder"):
        prepare(preset, [str(source)], [str(stories / "held.txt")], tmp_path / "data", per_shard=per_shard)
    assert {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()} == before


def test_the_same_texts_by_other_names_are_the_same(data, stories, tmp_path):
    shutil.copytree(data, tmp_path / "data")
    shutil.copy(stories / "train.txt", tmp_path / "other.txt")
    meta = prepare(SMOKE, [str(tmp_path / "other.txt")], None, tmp_path / "data", per_shard=120)
    assert meta == TokenRows(data, 0).meta
    assert (tmp_path / "data/held-out.txt").is_file()


def test_missing_held_out_text_is_noticed_before_any_work(stories, tmp_path):
    (tmp_path / "empty.txt").write_text("")
    for name, said in (("none.txt", "No such file"), ("empty.txt", "no held-out stories")):
        with pytest.raises(TrainError, match=said):
            prepare(SMOKE, [str(stories / "train.txt")], [str(tmp_path / name)], tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_held_out_stories_in_the_training_text_are_counted(stories, tmp_path, capsys):
    mixed = tmp_path / "mixed.txt"
    told = list(read_stories(stories / "held.txt"))
    mixed.write_text("".join(f"{story}\n<|endoftext|>\n" for story in [*read_stories(stories / "train.txt"), *told[:3]]))
    prepare(SMOKE, [str(mixed)], [str(stories / "held.txt")], tmp_path / "data")
    said = capsys.readouterr().out
    assert "303 stories of " in said
    assert "held out: 20 stories of " in said
    assert "odd: 3 stories: is in the held-out text too" in said


@pytest.mark.parametrize("has_validation", [True, False])
def test_a_data_set_of_the_hub_is_held_out_by_its_validation_split_where_it_has_one(
    monkeypatch, stories, tmp_path, capsys, has_validation
):
    rows = {"train": stories / "train.txt", "validation": stories / "held.txt"}
    names = [*rows] if has_validation else ["train"]
    monkeypatch.setattr("datasets.get_dataset_split_names", lambda _: names)
    monkeypatch.setattr("datasets.load_dataset", lambda _, split, streaming: [{"text": s} for s in read_stories(rows[split])])
    prepare(SMOKE, ["us/stories"], None, tmp_path / "data")
    assert (tmp_path / "data/held-out.txt").is_file() == has_validation
    assert ("no validation split" in capsys.readouterr().out) != has_validation


def test_an_epoch_visits_every_row_once_and_the_next_in_another_order(data):
    rows = TokenRows(data, seed=3)
    count = rows.rows_per_epoch(64)
    epochs = [[tuple(rows.read_row(epoch * count + i, 64)) for i in range(count)] for epoch in range(2)]
    assert len(set(epochs[0])) == count
    assert epochs[0] != epochs[1]
    assert all(len(row) == 65 for row in epochs[0])


@given(context=st.sampled_from([16, 32, 64]), epoch=st.integers(0, 2))
def test_rows_of_whole_stories_begin_each_at_its_beginning_and_hold_each_once(data, context, epoch):
    """Every story stands in one row of an epoch, whole or cut by the row's length; only the last of a row may be a second."""
    rows = StoryRows(data, seed=2)
    tokens = rows.tokens.read(0, len(rows.tokens))
    told = [tuple(part[:context]) for part in np.split(tokens, np.flatnonzero(tokens == END) + 1) if len(part)]
    before = 0
    for earlier in range(epoch):
        before += len(rows.pack(earlier, context))
    found = []
    for place, stories in enumerate(rows.pack(epoch, context)):
        row = rows.read_row(before + place, context)
        assert row[0] == END
        assert len(row) == context + 1
        parts = [tuple(part) for part in np.split(row[1:], np.flatnonzero(row[1:] == END) + 1) if len(part)]
        assert len(parts) <= len(stories)
        assert all(any(story[: len(part)] == part for story in told) for part in parts)
        found += [part for part in parts if len(part) == context or part[-1] == END]
    assert set(found) == set(told)
    assert len(found) <= 1.2 * len(told)


@given(step=st.integers(0, 500), ranks=st.sampled_from([2, 4]), kind=st.sampled_from([TokenRows, StoryRows]))
def test_a_batch_depends_on_seed_and_step_alone(data, step, ranks, kind):
    rows, again = kind(data, seed=1), kind(data, seed=1)
    for other in (step + 7, 0):
        again.read_batch(other, 512, 64)
    whole = rows.read_batch(step, 512, 64)
    assert torch.equal(whole, again.read_batch(step, 512, 64))
    assert torch.equal(whole, torch.cat([again.read_batch(step, 512, 64, rank, ranks) for rank in range(ranks)]))


@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.data())
def test_shards_are_read_as_one(sizes, draw):
    with TemporaryDirectory() as place:
        numbers, paths = np.arange(sum(sizes), dtype=np.uint16), []
        for part in np.split(numbers, np.cumsum(sizes)[:-1]):
            paths.append(Path(place) / f"{len(paths)}.bin")
            paths[-1].write_bytes(part.tobytes())
        start = draw.draw(st.integers(0, len(numbers) - 1))
        stop = draw.draw(st.integers(start + 1, len(numbers)))
        shards = Shards(paths, "uint16")
        assert len(shards) == len(numbers)
        assert shards.read(start, stop).tolist() == numbers[start:stop].tolist()


def test_serials_hold_every_story_once_beside_those_of_its_hero():
    told = [f"One day, {name} ran. It was {name} number {i}." for i in range(30) for name in ("Tom", "Mia")]
    told += ["A bird sang.", "Mom and Dad sat with Mom and Dad."]
    serials = join_serials(told, episodes=12)
    episodes = [serial.split(BREAK) for serial in serials]
    assert sorted(story for serial in episodes for story in serial) == sorted(told)
    assert all(len({find_hero(story) for story in serial}) == 1 for serial in episodes)
    assert sorted(map(len, episodes), reverse=True) == [12, 12, 12, 12, 6, 6, 1, 1]
    assert find_hero("Once there was Tom. Then Tom saw Mia, and Tom ran.") == "Tom"


def test_full_rows_come_from_serials_where_the_preset_asks(data):
    stories, serials = TokenRows(data, 0), TokenRows(data, 0, serials=True)
    tokens = [rows.tokens.read(0, len(rows.tokens)) for rows in (stories, serials)]
    ends = [int((part == stories.meta.end_token).sum()) for part in tokens]
    assert ends[1] < ends[0] / 3
    kinds = [SMOKE.context_at(step) for step in range(8)]
    assert kinds == [32, 32, 32, 64, 32, 32, 32, 64]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "meta.json").unlink(), "Run `python -m train prepare` first"),
        (lambda folder: (folder / "stories-00001.bin").unlink(), "missing"),
        (lambda folder: cut_a_byte(folder / "stories-00000.bin"), "damaged"),
    ],
)
def test_data_that_is_not_whole_is_refused(data, tmp_path, damage, said):
    shutil.copytree(data, tmp_path / "data")
    damage(tmp_path / "data")
    with pytest.raises(TrainError, match=said):
        TokenRows(tmp_path / "data", seed=0)


def cut_a_byte(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def test_the_schedule_is_torchs_one_cycle_in_closed_form():
    preset = PRESETS["test-1-3000"]
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.AdamW([parameter], lr=preset.max_lr, betas=preset.betas)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, preset.max_lr, total_steps=preset.steps, cycle_momentum=False)
    for step in range(preset.steps):
        assert preset.max_lr * scale_at(step, preset) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9, abs=1e-15)
        assert beta1_at(step, preset) == 0.9
        optimizer.step()
        schedule.step() if step < preset.steps - 1 else None


def test_cycled_momentum_is_torchs_too_where_it_is_asked_for():
    preset = replace(PRESETS["test-1-3000"], steps=100, cycle_momentum=True)
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=preset.max_lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, preset.max_lr, total_steps=100)
    betas = []
    for step in range(100):
        betas.append((beta1_at(step, preset), optimizer.param_groups[0]["betas"][0]))
        optimizer.step()
        schedule.step() if step < 99 else None
    assert min(ours for ours, _ in betas) == pytest.approx(0.85, abs=1e-6)
    assert all(ours == pytest.approx(theirs, abs=1e-9) for ours, theirs in betas)


def test_the_linear_schedule_ends_at_nothing():
    preset = replace(SMOKE, schedule="linear", steps=3000)
    scales = [scale_at(step, preset) for step in range(preset.steps)]
    assert max(scales) == 1
    assert scales[-1] < 0.001
    assert all(0 < scale <= 1 for scale in scales)


def test_presets_run_and_impossible_ones_list_every_problem():
    assert all(preset.problems() == [] for preset in PRESETS.values())
    with pytest.raises(TrainError) as error:
        find_preset("smoke", steps=0, max_lr=5.0, schedule="up")
    assert all(word in str(error.value) for word in ("steps", "max_lr", "schedule"))
    with pytest.raises(TrainError, match="unknown field 'stepz'"):
        find_preset("smoke", stepz=3)


def test_every_matrix_of_a_block_goes_to_muon_and_only_matrices_decay():
    preset = replace(SMOKE, optimizer="muon", muon_lr=0.02)
    model = build_model(preset, 0)
    adam, muon = build_optimizers(model, preset)
    assert sum(len(group["params"]) for group in muon.param_groups) == 2 * 7
    for group in adam.param_groups:
        assert all((weight.ndim >= 2) == (group["weight_decay"] > 0) for weight in group["params"])
    counted = sum(w.numel() for o in (adam, muon) for g in o.param_groups for w in g["params"])
    assert counted == sum(weight.numel() for weight in model.parameters())


def test_accumulated_gradients_are_those_of_the_whole_batch(data):
    preset = replace(SMOKE, tokens_per_step=512, micro_batch_tokens=512, dropout=0.0)
    rows = TokenRows(data, 0).read_batch(0, 512, 64)
    whole, parts = (LanguageModelLoss(build_model(preset, 0)) for _ in range(2))
    (whole(rows) / 512).backward()
    for part in rows.split(2):
        (parts(part) / 512).backward()
    for a, b in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.allclose(a.grad, b.grad, atol=1e-6)
