"""Stories out of files and hub data sets: the form of a file is found from what it holds, and refused where it is unclear."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from train.errors import TrainError

END_OF_STORY = "<|endoftext|>"
COLUMNS = ("text", "story", "content")
SUFFIXES = (".txt", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet", ".gz")
FORMS = (
    f"a line {END_OF_STORY} after every story, JSON lines or CSV with a column `text`, Parquet, or a story a line without "
    "empty lines"
)
_JSON = re.compile(r"""[\[{]\s*(["\[{]|$)""")
# Files that hold a text in another form, by how they begin.
_OTHER = {
    b"PK\x03\x04": "a zip file", b"\x28\xb5\x2f\xfd": "packed by zstd", b"BZh": "packed by bzip2", b"\xfd7zX": "packed by xz",
    b"%PDF": "a PDF file", b"ARROW1": "an Arrow file",
}  # fmt: skip
_DELIMITERS = ",;\t|"
_TWO_SENTENCES = re.compile(r"""[.!?]["'”’)]*\s.*[.!?]["'”’)]*$""")


def read_stories(path: Path) -> Iterator[str]:
    """The stories of a file, in order, in bounded memory; a `.gz` file is read as what it holds.

    Raises:
        TrainError: the file is not UTF-8, holds no clear form, or a row holds no text; the message says where.
    """
    try:
        for story in _choose_reader(path)(path):
            if stripped := story.strip().removesuffix(END_OF_STORY).rstrip():
                yield stripped
    except UnicodeDecodeError as error:
        raise TrainError(f"{path} is not UTF-8 ({error.reason} at byte {error.start}). Save it as UTF-8.") from error
    except (EOFError, gzip.BadGzipFile) as error:
        raise TrainError(f"{path} is cut short or damaged ({error}). Fetch or copy it again.") from error


def open_stories(source: list[str], split: str = "train") -> Iterator[str]:
    """Stories from local files, in order, or from one hub data set, streamed.

    Raises:
        TrainError: a file is missing or unclear, or the hub cannot be reached.
    """
    if is_local(source):
        for name in source:
            yield from read_stories(Path(name))
    else:
        yield from _stream_hub(source[0], split)


def is_local(source: list[str]) -> bool:
    """Whether a source is files, and not one data set of the hub.

    Raises:
        TrainError: it looks like files, and one is missing.
    """
    files = [Path(name) for name in source]
    if all(path.is_file() for path in files):
        return True
    looks_local = any(name.startswith((".", "/", "~")) or name.endswith(SUFFIXES) or Path(name).exists() for name in source)
    if len(source) > 1 or looks_local:
        wrong = [f"{path} is a folder; give its files" if path.is_dir() else str(path) for path in files if not path.is_file()]
        raise TrainError(f"No such file: {', '.join(wrong)}. Give text files or one data set of the hub.")
    return False


def has_split(name: str, split: str) -> bool:
    """Whether a hub data set has a split, such as `validation`.

    Raises:
        TrainError: the hub cannot be reached, or has no such data set.
    """
    from datasets import get_dataset_split_names

    try:
        return split in get_dataset_split_names(name)
    except Exception as error:  # the hub client raises a dozen unrelated types when it cannot reach or find a data set
        raise _describe_hub(name, error) from error


def _stream_hub(name: str, split: str) -> Iterator[str]:
    from datasets import load_dataset

    number = 0
    try:
        for number, row in enumerate(load_dataset(name, split=split, streaming=True), 1):
            if story := find_text(row, f"row {number} of {name}").strip():
                yield story
    except (TrainError, GeneratorExit):
        raise
    except Exception as error:  # as above; a stream that breaks off raises what its transport raises
        if number:
            raise TrainError(
                f"The data set {name!r} broke off after {number:,} rows ({type(error).__name__}). Run the same command again; "
                "what is done is not done again."
            ) from error
        raise _describe_hub(name, error) from error


def _describe_hub(name: str, error: Exception) -> TrainError:
    return TrainError(f"The data set {name!r} cannot be read ({type(error).__name__}). Check the name and the network.")


def find_text(row: Any, place: str) -> str:
    """The story of a row: a text, or the column `text`, `story` or `content`, or the only one with text.

    Raises:
        TrainError: there is none, or several may be it.
    """
    if isinstance(row, str):
        return _make_whole(row)
    if isinstance(row, Mapping):
        texts = [key for key, value in row.items() if isinstance(value, str)]
        names = {_simplify(key): key for key in reversed([*row])}
        column = next((names[key] for key in COLUMNS if key in names), texts[0] if len(texts) == 1 else None)
        if column is not None and isinstance(row[column], str):
            return _make_whole(str(row[column]))
        raise TrainError(
            f"{place} has no text (columns: {', '.join(map(str, row)) or 'none'}). Name the story's column `text`."
        )
    raise TrainError(f"{place} is no story. Give {FORMS}.")


def _simplify(name: object) -> str:
    """A column's name without regard to capitals and spaces."""
    return str(name).strip().lower()


def _make_whole(text: str) -> str:
    """JSON can name half of a character, which no file can hold: it becomes U+FFFD, which the survey names."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _open(path: Path, newline: str | None = None) -> IO[str]:
    """A text file, unpacked where it is packed; a byte order mark is no part of the text."""
    with path.open("rb") as handle:
        start = handle.read(6)
    if start[:2] == b"\x1f\x8b":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline=newline)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise TrainError(f"{path} is UTF-16 or UTF-32. Save it as UTF-8.")
    if kind := next((kind for begin, kind in _OTHER.items() if start.startswith(begin)), None):
        raise TrainError(f"{path} is {kind}, which is not read here. Give what it holds. That may be {FORMS}.")
    return path.open(encoding="utf-8-sig", newline=newline)


def _choose_reader(path: Path) -> Callable[[Path], Iterable[str]]:
    kind = path.with_suffix("").suffix if path.suffix.lower() == ".gz" else path.suffix
    with path.open("rb") as handle:
        is_parquet = handle.read(4) == b"PAR1"
    if is_parquet:
        return _read_parquet
    with _open(path) as handle:
        first = next((line.strip() for line in handle if line.strip()), "")
    if kind.lower() in (".csv", ".tsv") or _is_heading(first):
        return _read_table
    if kind.lower() in (".jsonl", ".ndjson") or _JSON.match(first):
        return _read_json if first.startswith("[") or first == "{" else _read_json_lines
    with _open(path) as handle:
        if any(END_OF_STORY in line for line in handle):
            return _read_marked
    if not first:
        return lambda _: ()
    if _has_story_lines(path):
        return _open_lines
    raise TrainError(
        f"It is not clear where the stories in {path} begin and end: no {END_OF_STORY} stands in it, and its lines are "
        f"no whole stories. Give {FORMS}."
    )


def _is_heading(line: str) -> bool:
    """Whether a line names the columns of a table, one of them a story's; names are words of letters."""
    names = [name.strip('" ') for name in line.split(_find_delimiter(line))]
    return bool(set(COLUMNS) & set(map(_simplify, names))) and all(re.fullmatch(r"[\w -]*", name) for name in names)


def _find_delimiter(heading: str) -> str:
    """What stands between the columns: with which one of them is a story's."""
    found = (
        mark for mark in _DELIMITERS if set(COLUMNS) & {_simplify(name.strip().strip('"')) for name in heading.split(mark)}
    )
    return next(found, ",")


def _read_marked(path: Path) -> Iterator[str]:
    lines: list[str] = []
    with _open(path) as handle:
        for line in handle:
            *ended, rest = line.split(END_OF_STORY)
            for part in ended:
                yield "".join([*lines, part])
                lines = []
            lines.append(rest)
    yield "".join(lines)


def _open_lines(path: Path) -> Iterator[str]:
    with _open(path) as handle:
        yield from handle


def _has_story_lines(path: Path) -> bool:
    """Whether every line holds two whole sentences or more, without an empty line between: then a line is a story."""
    with _open(path) as handle:
        lines = (line.strip() for line in handle)
        text = next(lines)
        while text:
            if not _TWO_SENTENCES.search(text):
                return False
            text = next(lines, "")
        return not any(lines)  # only empty lines may stand at the end


def _read_json_lines(path: Path) -> Iterator[str]:
    with _open(path) as handle:
        for number, line in enumerate(handle, 1):
            if line.strip():
                yield find_text(_parse_json(line, f"{path}, line {number}"), f"{path}, line {number}")


def _read_json(path: Path) -> Iterator[str]:
    with _open(path) as handle:
        rows = _parse_json(handle.read(), str(path))
    if not isinstance(rows, list):
        raise TrainError(f"{path} is no list of stories. Give {FORMS}.")
    for number, row in enumerate(rows, 1):
        yield find_text(row, f"{path}, entry {number}")


def _parse_json(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TrainError(f"{place} is no JSON ({error}). Correct it, or give {FORMS}.") from error


def _read_table(path: Path) -> Iterator[str]:
    csv.field_size_limit(2**31 - 1)
    with _open(path, newline="") as handle:
        heading = handle.readline()
        if not _is_heading(heading.strip()):
            raise TrainError(f"The first line of {path} names no column `text` (it reads {heading.strip()[:60]!r}). Add it.")
        names = next(csv.reader([heading], delimiter=_find_delimiter(heading)))
        rows = csv.DictReader(handle, names, delimiter=_find_delimiter(heading), strict=True)
        try:
            for row in rows:
                if None in row or None in row.values():
                    raise TrainError(
                        f"{path}, line {rows.line_num + 1} has another number of columns than the first line. Put double "
                        "quotes around texts that hold a comma or a line break."
                    )
                yield find_text({key: value for key, value in row.items() if key}, f"{path}, line {rows.line_num + 1}")
        except csv.Error as error:
            raise TrainError(f"{path}, line {rows.line_num + 1} is no CSV ({error}). Correct it, or give {FORMS}.") from error


def _read_parquet(path: Path) -> Iterator[str]:
    from pyarrow import ArrowException, parquet

    try:
        for batch in parquet.ParquetFile(path).iter_batches(batch_size=1000):
            for row in batch.to_pylist():
                yield find_text(row, f"a row of {path}")
    except (ArrowException, OSError) as error:
        raise TrainError(f"{path} is damaged ({error}). Fetch or copy it again.") from error
