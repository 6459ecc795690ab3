"""The scorecard: what a story model can be shown to do, beside controls that show what the figures are worth."""

from train.scorecard.card import evaluate
from train.scorecard.options import Options

__all__ = ["Options", "evaluate"]
