"""What the page says in English. The engine's messages are in English as they are."""

from playground.wording.english.book import BOOK
from playground.wording.english.page import PAGE
from playground.wording.english.settings import SETTINGS
from playground.wording.english.stories import STORIES

TOPICS = (PAGE, SETTINGS, STORIES, BOOK)
MESSAGES: dict[str, str] = {}
