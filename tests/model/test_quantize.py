"""Weights in int8, with a scale for each block of inputs: near to what they were, whatever their size."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from story_engine.model.quantize import BLOCK, dequantize, quantize_blocks


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 5), st.integers(1, 3 * BLOCK), st.integers(0, 2**32 - 1))
def test_weights_quantized_by_blocks_are_off_by_half_a_scale(outputs, inputs, seed):
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(outputs, inputs, generator=generator) * 10 ** torch.randint(-6, 4, (outputs, 1), generator=generator)
    weight[0, : BLOCK // 2] = 0
    matrix = quantize_blocks(weight)
    assert matrix.values.shape == weight.shape
    assert matrix.scales.shape == (outputs, -(-inputs // BLOCK))
    assert torch.equal(matrix.scales, matrix.scales.bfloat16().float())
    assert (matrix.values.abs() <= 127).all()
    scales = matrix.scales.repeat_interleave(BLOCK, dim=1)[:, :inputs]
    found = dequantize(matrix)
    assert ((found - weight).abs() <= scales * 0.501).all()
    largest = torch.stack([part.abs().amax(1) for part in weight.split(BLOCK, dim=1)], dim=1)
    assert (matrix.scales <= largest.clamp(min=1e-12) / 127 * (1 + 2**-7)).all()
