"""A reader's short words become a sentence of their story: what the hero does, says, or what is so."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine.text.prose import MODES, write_prose
from story_engine.text.verbs import BASES, PAST_FORMS, inflect
from story_engine.text.voice import Voice

TOM = Voice("Tom", "he", "past", frozenset({"Tom", "Mia"}))
LILY = Voice("Lily", "she", "present", frozenset({"Lily"}))
ME = Voice("I", "I", "past")
PAIR = Voice("Tom and Mia", "they", "past", frozenset({"Tom", "Mia"}))
PAIR_NOW = Voice("Tom and Mia", "they", "present", frozenset({"Tom", "Mia"}))
THEY, BEAR = Voice(), Voice("the bear", "it", "past")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("open the door", "Tom opened the door."),
        ("Open the door.", "Tom opened the door."),
        ("take the key and open the door", "Tom took the key and opened the door."),
        ("walk to the park, look at the tree, and climb it", "Tom walked to the park, looked at the tree, and climbed it."),
        ("take the key, then open the door", "Tom took the key, then opened the door."),
        ("run and jump", "Tom ran and jumped."),
        ("go home and sleep", "Tom went home and slept."),
        ("stop and try to look", "Tom stopped and tried to look."),
        ("slowly walk home and quietly open the door", "Tom slowly walked home and quietly opened the door."),
        ("try to open the door", "Tom tried to open the door."),
        ("try to open the door and go in", "Tom tried to open the door and go in."),
        ("want to sleep and dream", "Tom wanted to sleep and dream."),
        ("run to help the boy and take a stick", "Tom ran to help the boy and take a stick."),
        ("help Mia find the ball", "Tom helped Mia find the ball."),
        ("let the dog run and play", "Tom let the dog run and play."),
        ("make the cat jump", "Tom made the cat jump."),
        ("have to go", "Tom had to go."),
        ("don't open the door", "Tom didn't open the door."),
        ("don’t cry", "Tom didn't cry."),
        ("do not go in", "Tom did not go in."),
        ("never give up", "Tom never gave up."),
        ("must go", "Tom must go."),
        ("must take the key and run", "Tom must take the key and run."),
        ("should help my friend", "Tom should help his friend."),
        ("can see the house", "Tom could see the house."),
        ("can't find the key", "Tom couldn't find the key."),
        ("won't go", "Tom wouldn't go."),
        ("pick up the red ball", "Tom picked up the red ball."),
        ("put on the hat", "Tom put on the hat."),
        ("find out what it is", "Tom found out what it is."),
        ("look left and right", "Tom looked left and right."),
        ("lie down", "Tom lay down."),
        ("lay down", "Tom lay down."),
        ("I lay on the grass", "Tom lay on the grass."),
        ("sit and lay back", "Tom sat and lay back."),
        ("lay down the hat", "Tom laid down the hat."),
        ("lay the table", "Tom laid the table."),
        ("fly away", "Tom flew away."),
        ("quickly run away", "Tom quickly ran away."),
        ("then go home", "Then Tom went home."),
        ("always be kind", "Tom was always kind."),
        ("be brave", "Tom was brave."),
        ("do a little dance", "Tom did a little dance."),
        ("have a nap", "Tom had a nap."),
        ("start running", "Tom started running."),
        ("go get the ball", "Tom went to get the ball."),
        ("come see the frog", "Tom came to see the frog."),
        ("go swimming", "Tom went swimming."),
        ("get some bread and water", "Tom got some bread and water."),
        ("eat the cake and drink the milk", "Tom ate the cake and drank the milk."),
        ("play hide and seek", "Tom played hide and seek."),
        ("ask Tom and Mia to come", "Tom asked Tom and Mia to come."),
        ("hug mia and say sorry", "Tom hugged Mia and said sorry."),
        ("take my hat and put it on", "Tom took his hat and put it on."),
        ("brush your teeth", "Tom brushed his teeth."),
        ("give me the ball", "Tom gave him the ball."),
        ('say "hello"', 'Tom said, "Hello."'),
        ('ask "where are you?"', 'Tom asked, "Where are you?"'),
        ("jump!", "Tom jumped!"),
        ("I open the door", "Tom opened the door."),
        ("you open the door", "Tom opened the door."),
        ("opened the door", "Tom opened the door."),
        ("opens the door", "Tom opened the door."),
        ("zorp the door", "Tom zorped the door."),
        ("open the door. go in", "Tom opened the door. Tom went in."),
        ("  open   the\tdoor  ", "Tom opened the door."),
        ("carry the box", "Tom carried the box."),
        ("enjoy the day", "Tom enjoyed the day."),
        ("plan a party", "Tom planned a party."),
        ("visit the king", "Tom visited the king."),
        ("fix the toy", "Tom fixed the toy."),
        # a sentence of the story already
        ("Tom opened the door", "Tom opened the door"),
        ("Mia laughs.", "Mia laughs."),
        ("the door opens", "the door opens"),
        ("He was sad.", "He was sad."),
        ("Suddenly, it rained.", "Suddenly, it rained."),
        ("When it rained, Tom ran home.", "When it rained, Tom ran home."),
        ("Rose went home.", "Rose went home."),
        ('"Stop!" said Tom.', '"Stop!" said Tom.'),
        ("...", "..."),
    ],
)
def test_a_deed_is_told_of_the_hero_in_the_past(words, told):
    assert write_prose(words, "do", TOM) == told


@pytest.mark.parametrize(
    ("voice", "words", "told"),
    [
        (LILY, "open the door", "Lily opens the door."),
        (LILY, "carry the box and go home", "Lily carries the box and goes home."),
        (LILY, "have a nap", "Lily has a nap."),
        (LILY, "be brave", "Lily is brave."),
        (LILY, "don't cry", "Lily doesn't cry."),
        (LILY, "can see my cat", "Lily can see her cat."),
        (LILY, "watch the birds", "Lily watches the birds."),
        (ME, "open the door", "I opened the door."),
        (ME, "be sad", "I was sad."),
        (ME, "take my hat", "I took my hat."),
        (ME, "I opened the door.", "I opened the door."),
        (ME, "I lay down.", "I lay down."),
        (PAIR, "be friends", "Tom and Mia were friends."),
        (PAIR, "take my hat", "Tom and Mia took their hat."),
        (PAIR_NOW, "open the door and run", "Tom and Mia open the door and run."),
        (PAIR_NOW, "don't go", "Tom and Mia don't go."),
        (THEY, "swim to the island", "They swam to the island."),
        (BEAR, "eat the honey", "The bear ate the honey."),
        (BEAR, "then sleep", "Then the bear slept."),
    ],
)
def test_a_deed_is_told_in_the_voice_of_the_story(voice, words, told):
    assert write_prose(words, "do", voice) == told


@pytest.mark.parametrize(
    ("voice", "words", "told"),
    [
        (TOM, "open the door", '"Open the door," said Tom.'),
        (TOM, "I am sad.", '"I am sad," said Tom.'),
        (TOM, "hi, i'm tom", '"Hi, I\'m Tom," said Tom.'),
        (TOM, "yes,", '"Yes," said Tom.'),
        (TOM, "Help!", '"Help!" said Tom.'),
        (TOM, "Who are you?", '"Who are you?" asked Tom.'),
        (TOM, "Stop! Where are you?", '"Stop! Where are you?" asked Tom.'),
        (TOM, "Where are you? I am here.", '"Where are you? I am here," said Tom.'),
        (TOM, "where are you", '"Where are you?" asked Tom.'),
        (TOM, "do you like it", '"Do you like it?" asked Tom.'),
        (TOM, "is mia here", '"Is Mia here?" asked Tom.'),
        (TOM, "how many birds can you see", '"How many birds can you see?" asked Tom.'),
        (TOM, "what's this", '"What\'s this?" asked Tom.'),
        (TOM, "what a nice day", '"What a nice day," said Tom.'),
        (TOM, "have a nice day", '"Have a nice day," said Tom.'),
        (TOM, "when I was small, it rained", '"When I was small, it rained," said Tom.'),
        (TOM, "well...", '"Well..." said Tom.'),
        (TOM, "but—", '"But—" said Tom.'),
        (TOM, '"Hello"', '"Hello," said Tom.'),
        (TOM, '"Hello," said Mia.', '"Hello," said Mia.'),
        (LILY, "come here", '"Come here," says Lily.'),
        (LILY, "why", '"Why?" asks Lily.'),
        (ME, "come here", '"Come here," I said.'),
        (ME, "why?", '"Why?" I asked.'),
        (PAIR_NOW, "hello", '"Hello," say Tom and Mia.'),
        (THEY, "hello", '"Hello," they said.'),
        (BEAR, "hello", '"Hello," said the bear.'),
    ],
)
def test_speech_gets_its_marks_and_its_speaker(voice, words, told):
    assert write_prose(words, "say", voice) == told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("it begins to snow", "It begins to snow."),
        ("the sun was out!", "The sun was out!"),
        ("then it rained. i was sad", "Then it rained. I was sad."),
        ("mia was there,", "Mia was there."),
    ],
)
def test_a_description_gets_a_capital_and_a_stop_and_keeps_its_tense(words, told):
    assert write_prose(words, "describe", TOM) == told


@pytest.mark.parametrize("mode", MODES)
def test_words_of_a_story_in_another_language_stay_as_typed(mode):
    assert write_prose("geh nach Hause", mode, Voice("Hund", "he", "past", is_english=False)) == "geh nach Hause"


@pytest.mark.parametrize(
    ("base", "past"),
    [
        ("hop", "hopped"),
        ("hope", "hoped"),
        ("play", "played"),
        ("cry", "cried"),
        ("open", "opened"),
        ("quit", "quit"),
        ("panic", "panicked"),
        ("admit", "admitted"),
        ("fix", "fixed"),
        ("show", "showed"),
        ("rain", "rained"),
        ("go", "went"),
    ],
)
def test_the_past_follows_the_spelling_rules_or_the_table(base, past):
    assert inflect(base, "past", "it") == past


WORDS = st.text(st.sampled_from("abcdeghilnorstwy TIM.,!?\"'’“”—-\n"), max_size=80)
VOICES = st.sampled_from([TOM, LILY, ME, PAIR, PAIR_NOW, THEY, BEAR])


@given(WORDS | st.text(max_size=60), st.sampled_from(MODES), VOICES)
def test_any_words_give_a_text_and_speech_and_description_lose_no_letter(words, mode, voice):
    told = write_prose(words, mode, voice)
    assert bool(told.strip()) == bool(words.strip())
    if mode in ("say", "describe"):
        letters, kept = ("".join(letter for letter in text.casefold() if letter.isalnum()) for text in (words, told))
        assert letters in kept


@given(st.sampled_from(sorted(BASES)), VOICES)
def test_every_known_verb_is_told_of_every_hero_and_once_told_stays(verb, voice):
    told = write_prose(f"{verb} it", "do", voice)
    form = inflect(verb, voice.tense, voice.person)
    assert told == f"{voice.subject[0].upper()}{voice.subject[1:]} {form} it."
    if not (voice.subject == "I" and (voice.tense == "present" or form in BASES)):  # "I lay it" may be said of laying
        assert write_prose(told, "do", voice) == told


@given(
    st.lists(
        st.sampled_from(["open the door", "take the key", "go home", "see a bird", "eat an apple"]), min_size=1, max_size=5
    )
)
def test_deeds_joined_by_and_are_told_each_as_alone(deeds):
    told = write_prose(" and ".join(deeds), "do", TOM)
    alone = [write_prose(deed, "do", TOM).removeprefix("Tom ").rstrip(".") for deed in deeds]
    assert told == f"Tom {' and '.join(alone)}."


@given(WORDS, VOICES)
def test_speech_ends_as_a_sentence_and_has_one_mark_before_the_closing_quotation_mark(words, voice):
    told = write_prose(words, "say", voice)
    if any(letter.isalnum() for letter in words) and not re.search(r'["“”]', words):
        inside, _, attribution = told.removeprefix('"').partition('"')
        assert inside[-1] in ",.!?…—–-'’"
        assert attribution.endswith((f"{voice.subject}.", "said.", "asked.", "say.", "ask.", "says.", "asks."))


def test_every_past_form_belongs_to_a_verb_that_is_known():
    assert {*PAST_FORMS.values()} == BASES
