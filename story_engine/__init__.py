"""Story engine: loads a small language model, manages its window and streams stories.

from story_engine import Settings, Story, StoryEngine

engine = StoryEngine.load("embedded")
story = Story("Once upon a time, Tom found a blue car.")
for piece in engine.stream(story, Settings(max_new_tokens=200, seed=7)):
    print(piece.text, end="")
"""

from story_engine.completion.completions import Completions
from story_engine.completion.order import CompletionOrder, CompletionPiece, ScoredToken
from story_engine.context.window import Sentence, Window
from story_engine.engine import StoryEngine
from story_engine.errors import InputError, ModelError, SaveError, SettingsError, StoryError
from story_engine.generation.ending import ENDINGS
from story_engine.generation.minding import Minder
from story_engine.generation.piece import Piece
from story_engine.guard.check import check_fit, check_passage, check_story, find_kinds, find_new_kinds, refuse_story
from story_engine.insight.alternatives import Choice, Word, branch_at, find_alternatives
from story_engine.insight.continuity import Doubt, find_doubts
from story_engine.insight.influence import Influence, find_influences
from story_engine.insight.readability import Reading, measure_reading
from story_engine.insight.replay import Replay, replay_passage
from story_engine.model.autotune import KERNEL_CHOICES
from story_engine.model.hub import EMBEDDED, EMBEDDED_FOLDER, HUB_MODELS
from story_engine.model.quantize import PRECISIONS
from story_engine.pictures.book import WHEN, draw_pictures, read_scenes
from story_engine.pictures.palette import write_dark_style
from story_engine.printing.book import FONTS
from story_engine.remote.engine import RemoteEngine
from story_engine.settings import MODEL_SETTINGS, RANGES, READING_LEVELS, Settings, read_unwanted
from story_engine.stories.export import FORMS, NO_PICTURES, Pictures, export_story
from story_engine.stories.input import MAX_WISH, check_notes, check_wish, check_words, keep_joint
from story_engine.stories.library import Library, OpenStory, is_uid
from story_engine.stories.lore import Lore, check_lore, find_named, write_lore
from story_engine.stories.opening import MAX_FILE_BYTES, open_file, read_json
from story_engine.stories.reading_links import ReadingLink, ReadingLinks
from story_engine.stories.savefile import ReadStory, load_story
from story_engine.stories.story import MAX_TITLE, Key, LedgerEntry, Passage, Reason, Receipt, Story, make_title
from story_engine.text.language import is_english
from story_engine.text.prose import MODES, write_prose
from story_engine.text.sentences import is_round
from story_engine.text.voice import Voice, find_voice

KERNELS, PUBLISHED = KERNEL_CHOICES, HUB_MODELS  # their names before 0.3

__all__ = [
    "EMBEDDED",
    "EMBEDDED_FOLDER",
    "ENDINGS",
    "FONTS",
    "FORMS",
    "HUB_MODELS",
    "KERNEL_CHOICES",
    "MAX_FILE_BYTES",
    "MAX_TITLE",
    "MAX_WISH",
    "MODEL_SETTINGS",
    "MODES",
    "NO_PICTURES",
    "PRECISIONS",
    "RANGES",
    "READING_LEVELS",
    "WHEN",
    "Choice",
    "CompletionOrder",
    "CompletionPiece",
    "Completions",
    "Doubt",
    "Influence",
    "InputError",
    "Key",
    "LedgerEntry",
    "Library",
    "Lore",
    "Minder",
    "ModelError",
    "OpenStory",
    "Passage",
    "Pictures",
    "Piece",
    "ReadStory",
    "Reading",
    "ReadingLink",
    "ReadingLinks",
    "Reason",
    "Receipt",
    "RemoteEngine",
    "Replay",
    "SaveError",
    "ScoredToken",
    "Sentence",
    "Settings",
    "SettingsError",
    "Story",
    "StoryEngine",
    "StoryError",
    "Voice",
    "Window",
    "Word",
    "branch_at",
    "check_fit",
    "check_lore",
    "check_notes",
    "check_passage",
    "check_story",
    "check_wish",
    "check_words",
    "draw_pictures",
    "export_story",
    "find_alternatives",
    "find_doubts",
    "find_influences",
    "find_kinds",
    "find_named",
    "find_new_kinds",
    "find_voice",
    "is_english",
    "is_round",
    "is_uid",
    "keep_joint",
    "load_story",
    "make_title",
    "measure_reading",
    "open_file",
    "read_json",
    "read_scenes",
    "read_unwanted",
    "refuse_story",
    "replay_passage",
    "write_dark_style",
    "write_lore",
    "write_prose",
]
