"""Story engine: loads a small language model, manages its window and streams stories.

from story_engine import Settings, Story, StoryEngine

engine = StoryEngine.load("embedded")
story = Story("Once upon a time, Tom found a blue car.")
for piece in engine.stream(story, Settings(max_new_tokens=200, seed=7)):
    print(piece.text, end="")
"""

from story_engine.engine import Piece, StoryEngine
from story_engine.errors import InputError, ModelError, SaveError, SettingsError, StoryError
from story_engine.model import EMBEDDED, PUBLISHED
from story_engine.settings import RANGES, Settings
from story_engine.story import LedgerEntry, Passage, Receipt, Story
from story_engine.window import Sentence, Window

__all__ = [
    "EMBEDDED",
    "PUBLISHED",
    "RANGES",
    "InputError",
    "LedgerEntry",
    "ModelError",
    "Passage",
    "Piece",
    "Receipt",
    "SaveError",
    "Sentence",
    "Settings",
    "SettingsError",
    "Story",
    "StoryEngine",
    "StoryError",
    "Window",
]
