"""The benchmark of the guard for children: intervals, files that ship, and a file of one's own."""

from benchmarks.__main__ import build_parser
from benchmarks.children import END_OF_STORY, Rate, count_found, print_figures, read_sentences


def test_the_interval_is_wilsons():
    low, high = Rate(0, 1000).interval
    assert low < 1e-12
    assert 0.0037 < high < 0.0039
    low, high = Rate(50, 100).interval
    assert (round(low, 4), round(high, 4)) == (0.4038, 0.5962)
    assert Rate(0, 0).interval == (0, 1)


def test_the_sentences_that_ship_are_many_and_all_different():
    unfit, fit = read_sentences("unfit.txt"), read_sentences("fit.txt")
    texts = [text for _, text in (*unfit, *fit)]
    assert len(unfit) >= 150
    assert len(fit) >= 150
    assert len({*texts}) >= len(texts) - 1
    assert all(kind for kind, _ in unfit)


def test_most_hard_sentences_are_judged_as_they_should_be():
    """Far below what was measured: a change that makes the guard much worse is found, no single sentence is asked for."""
    assert count_found(text for _, text in read_sentences("unfit.txt")).found > 125
    assert count_found(text for _, text in read_sentences("fit.txt")).found < 12


def test_a_file_of_stories_is_judged_sentence_by_sentence(tmp_path, capsys):
    path = tmp_path / "own.txt"
    path.write_text(f"Tom ran. He killed a man.\n{END_OF_STORY}\nMia ran.\n{END_OF_STORY}\n", encoding="utf-8")
    options = build_parser().parse_args(["children", str(path), "--show"])
    print_figures(options.stories, most=options.most, shows=options.show)
    said = capsys.readouterr().out
    assert "own.txt: sentences stopped, rightly or not: 1 of 3" in said
    assert "in stories: 1 of 2" in said
    assert "0 death: He killed a man." in said
    assert "no substitute for a grown-up" in said
