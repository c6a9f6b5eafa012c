"""Digests of the quotes of the catalogue, which guard them where the documents are absent.

After a change of a quote, with the documents at hand: ``python -m tests.domain.quotes``.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from siting.read import all_standards
from tests.domain.documents import plain

FILE: Final = Path(__file__).with_name("quotes.sha256")


def digests() -> Mapping[str, str]:
    """What is quoted → SHA-256 of article and quote: each clause, and the sentences without one of each standard."""
    found = {}
    for standard in all_standards():
        for clause in standard.clauses:
            found[clause.id] = _digest(clause.article, clause.quote)
        found[f"{standard.id}/unclaused"] = _digest(
            *(part for each in standard.unclaused for part in (each.article, each.quote))
        )
    return found


def committed() -> Mapping[str, str]:
    """The digests that were written when the documents were last at hand."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return {key: digest for digest, key in (line.split("  ", maxsplit=1) for line in lines)}


def _digest(*texts: str) -> str:
    return hashlib.sha256("\n".join(map(plain, texts)).encode()).hexdigest()


if __name__ == "__main__":
    FILE.write_text("".join(f"{digest}  {key}\n" for key, digest in digests().items()), encoding="utf-8", newline="\n")
