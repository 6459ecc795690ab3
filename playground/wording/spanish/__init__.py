"""What the page says in Spanish, and what the engine says."""

from playground.wording.spanish.book import BOOK
from playground.wording.spanish.messages import MESSAGES as MESSAGES
from playground.wording.spanish.page import PAGE
from playground.wording.spanish.settings import SETTINGS
from playground.wording.spanish.stories import STORIES

TOPICS = (PAGE, SETTINGS, STORIES, BOOK)
