"""What a command may leave behind: results that hold together, or a fault that a planner can mend; nothing else."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd

import siting
from siting.domain.scenario import Scenario
from siting.text import Lang, say

# Persons per person that may be made or lost (docs/methods.md, 8); figures are written with six decimals.
EVEN: Final = 1e-9
ROUNDED: Final = 1e-5
_MARK: Final = "\x00"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    words: tuple[str, ...]
    code: int
    said: str
    out: str

    @property
    def name(self) -> str:
        """The command."""
        return self.words[0]

    @property
    def late(self) -> bool:
        """Whether it has results though something is refused: an account, or a plan without studies."""
        return self.name == "inspect" or any(word in self.words for word in ("--curve", "--alternatives"))

    @property
    def made(self) -> Path | None:
        """What it was asked to write."""
        return Path(self.words[self.words.index("-o") + 1]) if "-o" in self.words else None


def wrongs(ended: Ended, scenario: Path, lang: Lang) -> Iterator[str]:
    """Tell what is wrong about how a command ended."""
    if "Traceback" in ended.said or "Traceback" in ended.out:
        yield "a traceback"
    if warned := re.search(r"^.*(Warning:|Warning \d|ERROR \d).*$", ended.said, re.MULTILINE):
        yield f"on the screen: {warned[0]}"
    if ended.code == 2:
        yield from _wrong_faults(ended, scenario, lang)
    elif ended.code not in ((0, 4) if ended.name == "propose" else (0,)):
        yield f"exit {ended.code}: {ended.said[-600:]}"
    elif ended.made is not None:
        yield from _wrong_results(ended, ended.made, scenario)


def _wrong_faults(ended: Ended, scenario: Path, lang: Lang) -> Iterator[str]:
    """A fault has a head, names what it is about, and nothing was written."""
    head = "" if ended.name == "inspect" else say("fault.head", lang, count=_MARK).split(_MARK)[0]
    told = ended.out + ended.said
    if ended.said.startswith(say("cli.memory", lang, error=_MARK).split(_MARK)[0]):
        return
    if not (head in ended.said if ended.late else ended.said.startswith(head)):
        yield f"exit 2 without our words: {ended.said[:600]!r}"
    if "Error(" in told or "<class" in told or " object at 0x" in told:
        yield f"an error of Python's is told: {told[-600:]}"
    names = {path.stem for path in scenario.parent.iterdir()}
    if not any(name in told for name in (*names, *Scenario.model_fields)):
        yield f"no file or section is named: {ended.said[:600]!r}"
    if not ended.late and ended.made is not None and ended.made.exists():
        yield f"{ended.made.name} was written though the command failed"


def _wrong_results(ended: Ended, made: Path, scenario: Path) -> Iterator[str]:
    if not made.is_file():
        yield f"{made.name} was not written"
    elif ended.name == "check":
        yield from _wrong_gaps(made)
    elif ended.name == "propose":
        yield from _wrong_plan(made, scenario)
    elif made.suffix == ".html" and not made.read_text(encoding="utf-8").rstrip().endswith("</html>"):
        yield f"{made.name} has no end"
    elif made.suffix in (".json", ".geojson"):
        loaded(made)
    if ended.name == "map":
        yield from _wrong_map(made.read_text(encoding="utf-8"))


def loaded(path: Path) -> Any:
    """Return what a JSON file holds, in which nothing is NaN or infinite."""

    def refuse(word: str) -> float:
        message = f"{word} in {path.name}"
        raise ValueError(message)

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def _wrong_map(page: str) -> Iterator[str]:
    for data in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL):
        if re.search(r"[:\[,](NaN|-?Infinity)\b", data):
            yield "NaN or infinity in the map"


def _wrong_gaps(path: Path) -> Iterator[str]:
    gaps = loaded(path)
    totals = gaps["totals"]
    yield from _wrong_people(totals)
    for feature in gaps["features"]:
        place = feature["properties"]
        covered, people = place.get("elderly_covered"), place.get("elderly")
        if covered is not None and people is not None and not -ROUNDED <= covered <= people * (1 + 1e-6) + ROUNDED:
            yield f"{place['id']}: {covered} of {people} elderly are covered"
        share = place.get("covered_share")
        if share is not None and not 0 <= share <= 1:
            yield f"{place['id']}: a share of {share}"
        yield from (f"{place['id']}: {key} is {place[key]}" for key in _NOT_NEGATIVE if (place.get(key) or 0) < 0)
    frame = gpd.read_file(path)
    if len(frame) != len(gaps["features"]) or not frame.geometry.dropna().is_valid.all():
        yield "the features are not read back whole and valid"


_NOT_NEGATIVE: Final = (
    "residents", "elderly", "land_provided_m2", "land_gap_01_m2", "land_gap_02_m2", "minutes_to_nearest",
    "minutes_p90", "reached_share", "land_reach_m2_per_person", "elderly_uncovered",
)  # fmt: skip


def _wrong_people(totals: Mapping[str, Any]) -> Iterator[str]:
    """People are conserved: read + calibrated + grown = inside + outside; covered + uncovered = elderly."""
    for kind, account in totals["people_account"].items():
        given = [account[key] or 0.0 for key in ("read", "calibrated", "grown")]
        there = [account[key] or 0.0 for key in ("inside", "outside")]
        largest = max(map(abs, (*given, *there)))
        if not math.isclose(sum(given), sum(there), rel_tol=EVEN, abs_tol=EVEN * largest + ROUNDED):
            yield f"{kind}: {given} given, {there} there"
    if totals["elderly"] is not None and totals["elderly_covered"] is not None:
        # No cell tells of whoever lives beyond the people that are known.
        both = totals["elderly_covered"] + sum(totals["uncovered_by_reason"].values())
        if not math.isclose(both, totals["elderly"], rel_tol=1e-6, abs_tol=ROUNDED):
            yield f"{both} elderly are covered, or not for a reason, of {totals['elderly']}"
        if totals["elderly_high"] is not None:
            both = totals["elderly_covered"] + totals["elderly_uncovered"]
            if not math.isclose(both, totals["elderly_high"], rel_tol=1e-6, abs_tol=ROUNDED):
                yield f"{both} elderly are covered or not, of {totals['elderly_high']}"


def _wrong_plan(path: Path, scenario: Path) -> Iterator[str]:
    raw = loaded(path)
    read = siting.read_scenario(scenario)
    plan = siting.read_plan(read, path)
    ids = [
        feature["properties"]["candidate_id"] for feature in raw["features"] if "candidate_id" in feature["properties"]
    ]
    if plan.stations["candidate_id"].tolist() != ids:
        yield f"{plan.stations['candidate_id'].tolist()} are read back, {ids} were written"
    if read.plan.stations is not None and len(ids) > read.plan.stations + len(read.plan.closable):
        yield f"{len(ids)} stations, {read.plan.stations} were asked for"
    before, after = (each.totals["elderly_covered"] for each in (plan.before, plan.after))
    if before is not None and not read.plan.closable and after < before - ROUNDED - 1e-6 * abs(before):
        yield f"{before} covered before, {after} after"
    again = path.with_name("again.geojson")
    plan.to_file(again)
    if again.read_bytes() != path.read_bytes():
        yield "the plan is not the same bytes once it is read and written again"


def figures(path: Path) -> dict[str, float | None]:
    """Return the figures of a gap report that a change without meaning leaves as they are."""
    totals = loaded(path)["totals"]
    keys = ("people_outside", "residents", "elderly", "elderly_covered", "land_provided_m2")
    return {key: totals[key] for key in keys}
