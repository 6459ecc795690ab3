"""The network and its loss: every kernel against the plain one, masked rows against stories alone, the memory it needs."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from train.errors import TrainError
from train.hardware import Hardware, estimate_memory, find_hardware, fit_micro_batch
from train.network import Dropout, LanguageModelLoss, build_model, find_positions
from train.presets import PRESETS
from train.run import Run
from train.spec import describe_run

SMOKE, PUBLISHED_RUN = PRESETS["smoke"], PRESETS["test-1-3000"]
END = 0


@pytest.fixture(scope="module")
def rows() -> torch.Tensor:
    """40 rows of random tokens in which stories end at 0, 20 and 50."""
    rows = torch.randint(1, 300, (40, 65), generator=torch.Generator().manual_seed(1))
    rows[:, (0, 20, 50)] = END
    return rows


def loss_and_gradient(kernel: str, rows: torch.Tensor, autocast: bool) -> tuple[float, torch.Tensor]:
    module = LanguageModelLoss(build_model(SMOKE, END), kernel).eval()
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        nats = module(rows) / rows[:, 1:].numel()
    nats.backward()
    return float(nats.detach()), torch.cat([weight.grad.flatten() for weight in module.parameters()])


@pytest.mark.parametrize("kernel", ["chunked", "fused"])
@pytest.mark.parametrize(("autocast", "tolerance"), [(False, 1e-5), (True, 1e-2)])
def test_every_loss_kernel_gives_the_plain_loss_and_its_gradient(rows, monkeypatch, kernel, autocast, tolerance):
    monkeypatch.setattr("train.network.CHUNK", 700)  # several chunks, the last one smaller
    nats, gradient = loss_and_gradient(kernel, rows, autocast)
    plain, expected = loss_and_gradient("plain", rows, autocast)
    assert nats == pytest.approx(plain, rel=1e-3 if autocast else 1e-6)
    assert (gradient - expected).norm() <= tolerance * expected.norm()


def test_a_kernel_whose_package_is_missing_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(TrainError, match="pip install liger-kernel"):
        LanguageModelLoss(build_model(SMOKE, END), "liger")


def test_dropout_changes_what_is_trained_and_not_what_is_measured(rows):
    """Its mean over many passes lies where the loss without it lies, within 2%; a model that is measured has none."""
    module = LanguageModelLoss(build_model(SMOKE, END))
    Dropout(module.model, 0.1)
    with torch.no_grad():
        without = float(LanguageModelLoss(build_model(SMOKE, END))(rows))
        passes = [float(module(rows)) for _ in range(8)]
    assert len(set(passes)) == 8
    assert sum(passes) / 8 == pytest.approx(without, rel=0.02)
    assert module.eval()(rows).item() == without


@pytest.mark.parametrize("is_flattened", [False, True])
def test_masked_rows_are_read_as_their_stories_alone(rows, is_flattened):
    """Summed over all tokens, within 1e-5: no story sees another, and each begins at position 0."""
    module = LanguageModelLoss(build_model(SMOKE, END), mask_documents=True).eval()
    module.is_flattened = is_flattened
    alone = 0.0
    for row in rows:
        for start, stop in ((0, 20), (20, 50), (50, 64)):
            logits = module.model(input_ids=row[None, start:stop], use_cache=False).logits[0]
            alone += torch.nn.functional.cross_entropy(logits, row[start + 1 : stop + 1], reduction="sum").item()
    assert module(rows).item() == pytest.approx(alone, rel=1e-5)
    assert LanguageModelLoss(module.model)(rows).item() != pytest.approx(alone, rel=1e-5)


@given(st.lists(st.lists(st.integers(0, 2), min_size=12, max_size=12), min_size=1, max_size=4))
@settings(max_examples=50)
def test_positions_count_from_the_newest_start_token(ids):
    found = find_positions(torch.tensor(ids), END).tolist()
    for row, positions in zip(ids, found, strict=True):
        starts = [max((i for i in range(at + 1) if row[i] == END), default=0) for at in range(len(row))]
        assert positions == [at - start for at, start in enumerate(starts)]


@given(memory=st.integers(4, 200), processes=st.sampled_from([1, 2, 8]))
def test_the_micro_batch_is_the_largest_equal_part_that_fits(memory, processes):
    preset, have = PUBLISHED_RUN, memory * 10**9
    if estimate_memory(preset, preset.shape.context) > have:
        with pytest.raises(TrainError, match=r"One row of 2,048 tokens needs about .* GB"):
            fit_micro_batch(preset, have, processes)
        return
    tokens = fit_micro_batch(preset, have, processes)
    share = preset.tokens_per_step // processes
    assert share % tokens == 0
    assert tokens % preset.shape.context == 0
    assert estimate_memory(preset, tokens) <= have
    assert tokens == share or estimate_memory(preset, 2 * tokens) > have


def test_the_estimate_holds_for_a_small_model(rows):
    """What the forward pass keeps for the backward pass, counted by torch, lies within the estimate."""
    kept: dict[int, int] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    module = LanguageModelLoss(build_model(SMOKE, END))
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor), torch.autocast("cpu", torch.bfloat16):
        module(rows)
    assert sum(kept.values()) <= estimate_memory(SMOKE, rows[:, 1:].numel())


def test_the_machine_is_timed_and_its_memory_is_found():
    found = find_hardware("no")
    assert found.peak_flops > 1e9
    assert found.memory > 10**8


def test_a_dry_run_says_the_published_specification():
    text = describe_run(PUBLISHED_RUN, Hardware("a GPU", 989.4e12, "data sheet", 70 * 10**9))
    for said in ("190,460,160", "262,144", "786,432,000", "1.67 of", "190.55M", "8.06e+17", "8.95e+17", "32,768 tokens"):
        assert said in text
    assert "0.57 h at 40%" in text  # 8.06e17 / (0.4 * 989.4e12) / 3600
    other = describe_run(replace(PUBLISHED_RUN, max_lr=1e-3), Hardware("a toy", 1e9, "guess", 10**9))
    assert "max_lr: 0.001, published 0.0005" in other
    assert "none fits" in other


def test_a_full_device_is_said_with_the_next_smaller_micro_batch(data, tmp_path, monkeypatch):
    def fail(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    run = Run(SMOKE, data, tmp_path / "run")
    monkeypatch.setattr(run, "loss", fail)
    with pytest.raises(TrainError, match=r"256 tokens at once do not fit.*micro_batch_tokens=128"):
        run.take_step()
