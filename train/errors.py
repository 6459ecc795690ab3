"""Errors that a person at the terminal can act on: one sentence of what is wrong, one of what to do."""


class TrainError(Exception):
    """Anything that stops a training command; its text names the remedy."""
