"""Autotuning: the kernel wherever it can be had, its workers asked anew, the cost of a row remembered."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from story_engine import ModelError, StoryEngine
from story_engine.model import autotune
from story_engine.model.compiled_decoder import CompiledDecoder
from story_engine.model.kernel import forward
from story_engine.model.torch_decoder import Decoder


@pytest.fixture
def found(tmp_path, monkeypatch):
    path = tmp_path / "cache" / "kernels.json"
    monkeypatch.setattr(autotune, "FINDINGS_FILE", path)
    return path


def test_the_cost_of_a_row_is_remembered(tiny_folder, found, monkeypatch):
    monkeypatch.setattr(autotune, "_measure_row_cost", lambda compiled: 0.25)
    engines = [StoryEngine.load(str(tiny_folder))]
    assert list(json.loads(found.read_text()).values()) == [0.25]
    monkeypatch.setattr(autotune, "_measure_row_cost", lambda compiled: pytest.fail("measured again"))
    engines.append(StoryEngine.load(str(tiny_folder)))
    for engine in engines:
        assert isinstance(engine.decoder, CompiledDecoder)
        assert engine.decoder.row_cost == 0.25


def test_the_kernel_is_measured_and_can_be_switched_off(tiny_folder, found):
    decoder = StoryEngine.load(str(tiny_folder), kernel="off").decoder
    assert isinstance(decoder, Decoder)
    assert decoder.precision == "float32"
    assert not found.exists()
    decoder = StoryEngine.load(str(tiny_folder)).decoder
    assert decoder.workers in range(1, torch.get_num_threads() + 1)
    [row_cost] = json.loads(found.read_text()).values()
    assert row_cost == decoder.row_cost >= 0
    for foreign in ("not what we wrote", "[1]", '{"a": "b"}'):
        found.write_text(foreign)
        StoryEngine.load(str(tiny_folder))
        assert any(isinstance(entry, float) for entry in json.loads(found.read_text()).values())


def test_a_start_on_a_busy_machine_does_not_cost_later_ones_their_workers(tiny_folder, found, monkeypatch):
    """Two workers are fastest, or one is: asked at every start."""
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    monkeypatch.setattr(autotune, "_measure_row_cost", lambda compiled: 0.25)
    for fastest in (1, 2, 1):
        monkeypatch.setattr(autotune, "_time", lambda decoder, steps, best=fastest: abs(decoder.workers - best))
        assert StoryEngine.load(str(tiny_folder)).decoder.workers == fastest


@pytest.mark.slow
def test_a_first_start_which_compiles_tells_what_later_ones_do(tmp_path):
    """The same bits: a compiler that may add up in any order chooses another one where the kernel comes from the cache."""
    tell = (
        "from story_engine import StoryEngine; engine = StoryEngine.load('embedded', kernel='on', precision='int8');"
        "print(engine.prefill(range(1, 200), engine.decoder.new_slot()).numpy().tobytes().hex())"
    )
    folders = {"NUMBA_CACHE_DIR": str(tmp_path / "code"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    told = [
        subprocess.run(
            [sys.executable, "-c", tell],
            env=os.environ | folders,
            cwd=Path(__file__).parents[2],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for _ in range(2)
    ]
    assert told[0] == told[1] != ""


def test_weights_that_take_long_to_pack_are_not_called_compiling(tiny_folder, found, monkeypatch, caplog):
    StoryEngine.load(str(tiny_folder))  # compiled now, if it was not
    monkeypatch.setattr(autotune, "SLOW_COMPILATION", 0.5)

    class Slow(CompiledDecoder):
        def __init__(self, config, *how):
            time.sleep(1 if config.vocab_size == 320 else 0)
            super().__init__(config, *how)

    monkeypatch.setattr(autotune, "CompiledDecoder", Slow)
    StoryEngine.load(str(tiny_folder))
    assert "Compiling" not in caplog.text


def test_whoever_has_no_home_measures_at_every_start(tiny_folder, monkeypatch):
    monkeypatch.setattr(autotune, "FINDINGS_FILE", Path("~nobody-of-that-name/kernels.json"))
    measured = []
    monkeypatch.setattr(autotune, "_measure_row_cost", lambda compiled: measured.append(1) or 0.25)
    for _ in range(2):
        assert isinstance(StoryEngine.load(str(tiny_folder)).decoder, CompiledDecoder)
    assert len(measured) == 2


def test_where_no_folder_can_be_written_the_kernel_is_there_all_the_same():
    """A container whose user owns nothing: numba then refuses to keep compiled code, at the import."""
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    result = subprocess.run(
        [sys.executable, "-c", "from story_engine.model.kernel import forward; print(forward.IS_KEPT)"],
        env=environment | {"NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator"},  # which has that variable alone
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.stdout.split() == ["False"], result.stderr


@pytest.mark.parametrize(("precision", "is_stored_int8"), [("float32", False), ("int8", False), ("int8", True)])
def test_a_model_of_almost_nothing_compiles_for_all(tiny_folder, found, precision, is_stored_int8):
    """Else every start would compile, or fetch what was compiled, twice."""
    autotune._compile(precision, is_stored_int8)
    known = list(forward.run.signatures)
    engine = StoryEngine.load("embedded" if is_stored_int8 else str(tiny_folder), precision=precision, kernel="on")
    engine.decoder.step([1, 2], [engine.decoder.new_slot(), engine.decoder.new_slot()])
    assert forward.run.signatures == known


def test_a_kernel_that_cannot_be_had_is_said(tiny_folder, monkeypatch):
    with pytest.raises(ModelError, match="auto, on, off"):
        StoryEngine.load(str(tiny_folder), kernel="fast")
    monkeypatch.setattr(autotune, "CompiledDecoder", None)
    with pytest.raises(ModelError, match="numba"):
        StoryEngine.load(str(tiny_folder), kernel="on")
    assert isinstance(StoryEngine.load(str(tiny_folder)).decoder, Decoder)
