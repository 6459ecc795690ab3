"""What the page says in German, and what the engine says."""

from playground.wording.german.book import BOOK
from playground.wording.german.messages import MESSAGES as MESSAGES
from playground.wording.german.page import PAGE
from playground.wording.german.settings import SETTINGS
from playground.wording.german.stories import STORIES

TOPICS = (PAGE, SETTINGS, STORIES, BOOK)
