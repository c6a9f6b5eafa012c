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
    "cq-2025-7": "F_",
}
# A sentence that does no more than name who is responsible for its article.
NAMES_BODIES: Final = re.compile("[（〔](?:牵头单位|责任单位|责任部门)：")
# Heads of chapters that are printed without their number; the articles below them bear no chapter.
_BARE: Final = ("创新发展，建设优质养老服务供给体系", "强化支撑，切实增强养老服务保障能力")
_NUMERALS: Final = "一二三四五六七八九十"
_HEAD: Final = re.compile(
    rf"^(?:(?P<chapter>[{_NUMERALS}]+)、|[（(](?P<article>[{_NUMERALS}]+)[）)]|(?P<rule>第[{_NUMERALS}]+条)|(?P<item>\d+)[.．]\s?(?=\D))"
)


# What opens a chapter, an article or an item and does no more than name it.
HEADING: Final = re.compile(
    rf"(?:[{_NUMERALS}]+、|[（(][{_NUMERALS}]+[）)]|\d+[.．])[^。；：0-9]{{2,40}}。?|{'|'.join(_BARE)}"
)


def plain(text: str) -> str:
    """A text without white space."""
    return re.sub(r"\s", "", text)


def text_of(folder: Path, key: str) -> str:
    """The text of a standard's document; what the file itself says of it, in brackets on its first line, left out."""
    (file,) = folder.glob(f"{DOCUMENTS[key]}*.txt")
    return re.sub("\\A（只见到.*\\n", "", file.read_text(encoding="utf-8"))


def articles(text: str) -> Mapping[str, str]:
    """The articles of a document without white space, in its order.

    What stands before the first chapter has the label "", a chapter "一", an article "一（三）", an item "三（一）5";
    so have heads of chapters without a number, below which an article is "（十六）".
    """
    found = {"": ""}
    chapter = article = item = ""
    for line in text.splitlines():
        head = _HEAD.match(line.strip())
        if plain(line) in _BARE:
            chapter = article = item = ""
        elif head is not None and head["chapter"]:
            chapter, article, item = head["chapter"], "", ""
        elif head is not None and head["rule"]:
            chapter, article, item = "", head["rule"], ""
        elif head is not None and head["article"]:
            article, item = f"（{head['article']}）", ""
        elif head is not None and (chapter or article):
            item = head["item"]
        label = f"{chapter}{article}{item}"
        found[label] = found.get(label, "") + plain(line)
    return found


def sentences(article: str) -> Iterator[str]:
    """The sentences of an article, each with its mark."""
    return (sentence for sentence in re.split(r"(?<=[。！])", article) if sentence)


def annex(text: str) -> str:
    """The division of work at the end of a document, without white space and the heads of the table on each page."""
    return re.sub("序号工作任务(?:牵头单位)?责任部门", "", plain(text[text.rindex("重点任务") :]))
