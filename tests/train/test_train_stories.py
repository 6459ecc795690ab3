"""Texts as people have them: every clear form gives the same stories, unclear ones are refused, odd ones are named."""

import csv
import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import make_stories
from train.errors import TrainError
from train.stories import END_OF_STORY, open_stories, read_stories
from train.survey import Survey

STORIES = make_stories(8)
LINES = [story.replace("\n", " ") for story in STORIES]


def write_csv(path: Path, delimiter: str = ",", heading: Sequence[str] = ("number", "text")) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, delimiter=delimiter)
        writer.writerow(heading)
        writer.writerows(enumerate(STORIES))


def write_parquet(path: Path) -> None:
    from pyarrow import parquet, table

    parquet.write_table(table({"text": STORIES, "number": list(range(8))}), path)


def write_text(text: str, encoding: str = "utf-8", newline: str = "\n"):
    return lambda path: path.write_text(text, encoding=encoding, newline=newline)


MARKED = "".join(f"{story}\n{END_OF_STORY}\n" for story in STORIES)
FORMS = {
    "marker-lines.txt": write_text(MARKED),
    "carriage-returns.txt": write_text(MARKED, newline="\r\n"),
    "byte-order-mark.txt": write_text(MARKED, encoding="utf-8-sig"),
    "no-last-marker.txt": write_text(f"\n{END_OF_STORY}\n".join(STORIES)),
    "inline.txt": write_text(END_OF_STORY.join(STORIES)),
    "at-line-ends.txt": write_text("".join(f"{story} {END_OF_STORY}\n" for story in STORIES)),
    "rows.jsonl": write_text("".join(json.dumps({"text": story, "source": "us"}) + "\n" for story in STORIES)),
    "rows.txt": write_text("".join(json.dumps({"story": story}) + "\n" for story in STORIES)),
    "rows-with-spaces.txt": write_text("".join(f'{{ "text" : {json.dumps(story + END_OF_STORY)} }}\n' for story in STORIES)),
    "strings.jsonl": write_text("".join(json.dumps(story) + "\n" for story in STORIES)),
    "list.json": write_text(json.dumps([{"content": story} for story in STORIES], indent=1)),
    "table.csv": write_csv,
    "table.txt": write_csv,
    "semicolons.csv": lambda path: write_csv(path, ";"),
    "semicolons.txt": lambda path: write_csv(path, ";"),
    "tabs.csv": lambda path: write_csv(path, "\t"),
    "capitals.csv": lambda path: write_csv(path, heading=["Number", " Text"]),
    "capitals.jsonl": write_text("".join(json.dumps({"Title": "A.", "Text": story}) + "\n" for story in STORIES)),
    "table.tsv": lambda path: write_csv(path, "\t"),
    "table.parquet": write_parquet,
    "packed.txt.gz": lambda path: path.write_bytes(gzip.compress(MARKED.encode())),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_clear_form_gives_the_same_stories(tmp_path, name):
    FORMS[name](tmp_path / name)
    assert list(read_stories(tmp_path / name)) == STORIES


def test_a_line_is_a_story_where_every_line_is_one_and_no_line_is_empty(tmp_path):
    (tmp_path / "lines.txt").write_text("\n".join(LINES) + "\n\n")
    assert list(read_stories(tmp_path / "lines.txt")) == LINES
    (tmp_path / "lines.txt").write_text("")
    assert list(read_stories(tmp_path / "lines.txt")) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("paragraphs.txt", "\n\n".join(LINES).encode(), "not clear where the stories"),
        ("wrapped.txt", b"Once there was a boy. He had a\nball. It was red. He ran with it.\n", "not clear where the stories"),
        ("cp1252.txt", "Tom’s ball.\n<|endoftext|>\n".encode("cp1252"), "not UTF-8.*at byte 3.*Save it as UTF-8"),
        ("utf16.txt", MARKED.encode("utf-16"), "is UTF-16"),
        ("broken.jsonl", b'{"text": "A."}\n{"text": \n', "line 2 is no JSON"),
        ("columns.jsonl", b'{"title": "A.", "body": "B."}\n', r"line 1 has no text \(columns: title, body\)"),
        ("numbers.jsonl", b"7\n", "is no story"),
        ("columns.csv", b"title,body\nA.,B.\n", "names no column `text`"),
        ("headless.csv", b'"Tom ran."\n"Mia sang."\n', "names no column `text`"),
        ("commas.csv", b"id,text\n1,Tom ran, and sat.\n", "line 2 has another number of columns.*double quotes"),
        ("cells.csv", b"id,text\n1,Tom ran.\n2\n", "line 3 has another number of columns"),
        ("deep.jsonl", b"[" * 5000 + b"\n", "is no JSON"),
        ("text.txt", b"text, said Tom.\nHe ran.\n", "not clear where"),
        ("packed.zip", b"PK\x03\x04" + b"x" * 40, "is a zip file, which is not read here. Give what it holds"),
        ("packed.jsonl.zst", b"\x28\xb5\x2f\xfd" + b"x" * 40, "is packed by zstd"),
        ("book.pdf", b"%PDF-1.4\nTom. Mia.\n", "is a PDF file"),
        ("short.txt.gz", gzip.compress(MARKED.encode())[:-20], "cut short"),
        ("short.parquet", b"PAR1" + b"x" * 40, "damaged"),
    ],
)
def test_an_unclear_or_broken_file_is_refused_with_the_place(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TrainError, match=said):
        list(read_stories(tmp_path / name))


def test_half_a_character_becomes_a_mark_that_the_survey_names(tmp_path):
    (tmp_path / "half.jsonl").write_text('{"text": "Tom \\ud83d ran. \\ud83d\\ude00"}\n')
    [story] = read_stories(tmp_path / "half.jsonl")
    assert story == "Tom \ufffd ran. \U0001f600"
    assert "broken characters" in Survey().find_oddities(story)[0]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1), max_size=6))
def test_marked_stories_come_back_as_they_were(tmp_path_factory, stories):
    path = tmp_path_factory.mktemp("marked") / "text.txt"
    path.write_text("x" + f"\n{END_OF_STORY}\n".join(["", *stories, ""]), encoding="utf-8", newline="\n")
    assert list(read_stories(path)) == ["x", *(story.strip() for story in stories if story.strip())]


class Stream:
    """Rows of a data set of the hub, which may break off."""

    def __init__(self, rows: list, error: Exception | None = None) -> None:
        self.rows, self.error = rows, error

    def __iter__(self):
        yield from self.rows
        if self.error:
            raise self.error


@pytest.mark.parametrize(
    ("rows", "error", "said"),
    [
        ([{"text": "A."}] * 3, ConnectionError("reset"), "broke off after 3 rows.*Run the same command again"),
        ([], OSError("no such host"), "cannot be read.*network"),
        ([{"title": "A.", "body": "B."}], None, "row 1 of us/stories has no text.*title, body"),
        ([{"text": None}], None, "row 1 of us/stories has no text"),
    ],
)
def test_what_goes_wrong_on_the_hub_is_said(monkeypatch, rows, error, said):
    monkeypatch.setattr("datasets.load_dataset", lambda *_, **__: Stream(rows, error))
    with pytest.raises(TrainError, match=said):
        list(open_stories(["us/stories"]))


def test_missing_files_and_folders_are_no_names_on_the_hub(tmp_path):
    for source in (["none.jsonl"], ["./none"], [str(tmp_path)], ["a.txt", "b.txt"]):
        with pytest.raises(TrainError, match="No such file"):
            list(open_stories(source))


def test_the_survey_counts_stories_and_names_what_is_odd():
    for story, word in {
        "Tom Ñ‚ÐµÑ�Ñ‚ ran.": "broken",
        "Tom‚Äôs ball.": "broken",
        "ï»¿Tom ran.": "broken",
        "&quot;Hi,&quot; he said.": "markup",
        "12\tTom ran.": "tabs",
        "3. Tom ran.": "begins with a number",
    }.items():
        assert word in " ".join(Survey().find_oddities(story)), story
    odd = ["Tomâ€™s ball.", "It was cafÃ© time.", "A\0B.", "A\ufeffB.", "Yes. </s>", "x" * 30_000, "Held  OUT story."]
    survey = Survey(["held out story."])
    assert list(survey.watch([*STORIES, *odd])) == [*STORIES, *odd]
    first, *oddities = survey.describe()
    assert first.startswith("15 stories of ")
    assert {line.split(": ", 2)[1] for line in oddities} == {"2 stories", "1 story"}
    for word in ("broken characters", "NUL", "byte order mark", "markup", "20,000 characters", "held-out"):
        assert any(word in line for line in oddities), word
    assert all(Survey().find_oddities(story) == [] for story in [*STORIES, "“Là-bas,” said Zoë – naïve… ÀÉ!"])
