"""Ideas are dealt in hands: all of them come round, none twice before."""

from playground.ideas import HAND, IDEAS, deal


def test_every_idea_comes_once_before_the_first_comes_again():
    hand, seen = deal(), []
    while not seen or hand[0] != seen[0]:
        seen += hand
        hand = deal(hand[0])
    assert sorted(seen) == sorted(IDEAS)
    assert len(IDEAS) % HAND == 0


def test_a_name_that_is_no_idea_gets_the_first_hand():
    assert deal("nothing of ours") == deal() == list(IDEAS)[:HAND]


def test_every_idea_is_a_few_sentences_that_fit_any_window():
    assert len(set(IDEAS.values())) == len(IDEAS)
    assert all(text.endswith(".") or text.endswith("?") for text in IDEAS.values())
    assert all(40 < len(text) < 160 for text in IDEAS.values())
