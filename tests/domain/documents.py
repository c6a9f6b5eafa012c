"""The published documents, split into articles and sentences, to hold the catalogue against."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

# The file of each standard among the documents begins with a letter.
DOCUMENTS: Final = {
    "cq-2017-162": "A_",
    "nanan-2018-180": "B_",
    "yubei-2018-40": "C_",
    "cq-2019-129": "D_",
    "kaizhou-2024-16": "E_",
}
# What makes a sentence one that a clause must quote, or that must stand among those without a clause.
TELLING: Final = re.compile(r"[0-9０-９%％]|全覆盖|一刻钟|不得|严禁|应|要|参照")
_NUMERALS: Final = "一二三四五六七八九十"
_HEAD: Final = re.compile(
    rf"^(?:(?P<chapter>[{_NUMERALS}]+)、|（(?P<article>[{_NUMERALS}]+)）|(?P<item>\d+)[.．]\s?(?=\D))"
)


def plain(text: str) -> str:
    """A text without white space."""
    return re.sub(r"\s", "", text)


def text_of(folder: Path, key: str) -> str:
    """The text of a standard's document."""
    (file,) = folder.glob(f"{DOCUMENTS[key]}*.txt")
    return file.read_text(encoding="utf-8")


def articles(text: str) -> Mapping[str, str]:
    """The articles of a document without white space, in its order.

    What stands before the first chapter has the label "", a chapter "一", an article "一（三）", an item "三（一）5".
    """
    found = {"": ""}
    chapter = article = item = ""
    for line in text.splitlines():
        head = _HEAD.match(line.strip())
        if head is not None and head["chapter"]:
            chapter, article, item = head["chapter"], "", ""
        elif head is not None and head["article"]:
            article, item = f"（{head['article']}）", ""
        elif head is not None and chapter:
            item = head["item"]
        label = f"{chapter}{article}{item}"
        found[label] = found.get(label, "") + plain(line)
    return found


def sentences(article: str) -> Iterator[str]:
    """The sentences of an article, each with its mark."""
    return (sentence for sentence in re.split(r"(?<=[。！])", article) if sentence)
