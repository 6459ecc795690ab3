"""What can go wrong, in words that a reader of stories understands: each message says what to do next."""


class StoryError(Exception):
    """Base of all errors that are shown to a reader as they are."""


class SettingsError(StoryError):
    """A setting is missing, of the wrong kind or out of its range; the message lists every problem."""


class InputError(StoryError):
    """The words or the request cannot be used: empty, too long, or not possible at this point of the story."""


class ModelError(StoryError):
    """A model cannot be found or loaded."""


class SaveError(StoryError):
    """A saved story cannot be read or written."""
