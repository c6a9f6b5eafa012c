"""Two checks compared, and the change split by exchanging one part of the scenario after the other."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Final, cast

import geopandas as gpd

from siting.assess.changes import Blocks, changes_of
from siting.assess.withholding import withheld_report
from siting.crs import WGS84
from siting.domain.changes import Changes, CheckFacts, Measured, block_key, measured
from siting.domain.nouns import Assessment, Inputs, Progress, quiet
from siting.domain.parts import PARTS, Part, part_of, request_of
from siting.domain.scenario import Scenario
from siting.domain.withheld import ROUNDED
from siting.errors import Fault, InputError
from siting.pipeline.ground import measure, prepared
from siting.read import read_inputs
from siting.read.scenario import exchanged

if TYPE_CHECKING:
    from siting.read.inputs import Memory

_STAGE: Final = "compare"
# The key of all that differs where the change is not split.
_ALL: Final = "all"


def compare(
    old: Scenario | Measured, new: Scenario | Measured, progress: Progress | None = None, *, all_orders: bool = True
) -> Changes:
    """Compare two checks; between two scenarios the change is split into parts.

    Parameters
    ----------
    old, new : Scenario or Measured
        Scenarios are checked. What a gap report holds (``Measured``) is only its result, so its change is not split.
    progress : callable, optional
        Called as ``("compare", done, total)``.
    all_orders : bool
        Check every set of exchanged parts, so that it is known what the order of exchange is worth; otherwise only
        those of the stated order.
    """
    report = progress or quiet
    if isinstance(old, Scenario) and isinstance(new, Scenario):
        return _split(_Mixes(old, new, report), all_orders=all_orders)
    sides = []
    for done, side in enumerate((old, new)):
        report(_STAGE, done, 2)
        sides.append(_checked(_read(side, ("old", "new")[done])) if isinstance(side, Scenario) else side)
    report(_STAGE, 2, 2)
    return changes_of({frozenset(): sides[0], frozenset({_ALL}): sides[1]}, differ=(_ALL,))


def measured_of(assessment: Assessment) -> Measured:
    """Return a check in the form in which two of them are compared."""
    facts = _facts(assessment.inputs.scenario)
    return measured(facts, gpd.GeoDataFrame(assessment.places.to_crs(WGS84)), assessment.checks, assessment.totals)


def _facts(scenario: Scenario) -> CheckFacts:
    head = scenario.scenario
    found: CheckFacts = {"title": head.title, "date": head.date.isoformat(), "horizon": str(head.horizon)}
    return {**found, ROUNDED: "true"} if head.share else found


def _checked(inputs: Inputs) -> Measured:
    ground = prepared(inputs, quiet)
    # Circles are not drawn: no figure depends on them.
    found = measure(ground, ground.facilities, quiet, circles=False)
    return measured_of(withheld_report(found) if inputs.scenario.scenario.share else found)


def _read(scenario: Scenario, side: str, memory: "Memory | None" = None) -> Inputs:
    """Read one of the two scenarios; faults begin with which one it is."""
    try:
        return read_inputs(scenario, memory=memory)
    except InputError as error:
        head = Fault(code="fault_in_old" if side == "old" else "fault_in_new", found=scenario.scenario.title)
        raise InputError([head, *error.faults]) from None


class _Mixes:
    """Checks of two scenarios, and of scenarios with some parts of each; each is done once."""

    def __init__(self, old: Scenario, new: Scenario, progress: Progress) -> None:
        self.old, self.new, self.progress = old, new, progress
        self.total = 2
        self.faults: dict[frozenset[Part], tuple[Fault, ...]] = {}
        self.memory: Memory = {}
        progress(_STAGE, 0, self.total)
        one, other = (
            _read(exchanged(old, new, parts), side, self.memory)
            for side, parts in (("old", frozenset[Part]()), ("new", frozenset(PARTS)))
        )
        self.differ = tuple(part for part in PARTS if _differs(part, (old, one), (new, other)))
        self.found = {frozenset[Part](): _checked(one)}
        if self.differ:
            progress(_STAGE, 1, self.total)
            self.found[frozenset(self.differ)] = _checked(other)

    def try_all(self, mixes: Collection[frozenset[Part]]) -> None:
        """Check mixes; those whose parts do not go together leave faults."""
        self.total += len(mixes)
        for parts in mixes:
            self.progress(_STAGE, len(self.found) + len(self.faults), self.total)
            try:
                scenario = exchanged(self.old, self.new, parts)
                rules = self.new if "rules" in parts else self.old
                inputs = read_inputs(scenario, in_force_on=rules.scenario.date, memory=self.memory)
                self.found[parts] = _checked(inputs)
            except InputError as error:
                self.faults[parts] = tuple(error.faults)
        self.progress(_STAGE, self.total, self.total)


def _differs(part: Part, old: tuple[Scenario, Inputs], new: tuple[Scenario, Inputs]) -> bool:
    """Tell whether a part of two scenarios differs: its keys, the content of its files, or the documents in force."""
    if request_of(old[0], part) != request_of(new[0], part):
        return True
    if part == "rules" and old[1].standards != new[1].standards:
        return True
    one, other = (
        {key: value for key, value in inputs.digests.items() if part_of(key.partition("[")[0]) == part}
        for _, inputs in (old, new)
    )
    if one.keys() == other.keys():
        return one != other
    # The content of a file that only one of them reads (planned people) is not known: its name must be the same.
    named = request_of(old[0], part, files=True) != request_of(new[0], part, files=True)
    return named or any(one[key] != other[key] for key in one.keys() & other.keys())


def _split(mixes: _Mixes, *, all_orders: bool) -> Changes:
    differ = mixes.differ
    steps = [frozenset(differ[:count]) for count in range(len(differ) + 1)]
    every = [frozenset(parts) for count in range(len(differ) + 1) for parts in combinations(differ, count)]
    asked = every if all_orders else steps
    mixes.try_all([each for each in asked if each not in mixes.found])
    blocks = _finest(differ, mixes.faults.keys()) if all_orders else _between(differ, mixes.faults.keys())
    found = {
        frozenset(block_key(block) for block in chosen): mixes.found[key]
        for count in range(len(blocks) + 1)
        for chosen in combinations(blocks, count)
        if (key := frozenset(part for block in chosen for part in block)) in mixes.found
    }
    why = dict.fromkeys(fault for faults in mixes.faults.values() for fault in faults)
    whole = (*blocks, *((part,) for part in PARTS if part not in differ))
    changes = changes_of(
        found,
        tuple(sorted(whole, key=lambda block: PARTS.index(block[0]))),
        [block_key(block) for block in blocks],
        tuple(why),
    )
    # Equal scenarios are checked once, whatever they are called.
    old, new = (
        replace(each, facts=cast("CheckFacts", {**each.facts, **_facts(side)}))
        for each, side in ((changes.old, mixes.old), (changes.new, mixes.new))
    )
    return replace(changes, old=old, new=new)


def _finest(parts: Sequence[Part], faulty: Collection[frozenset[Part]]) -> Blocks:
    """Return the most blocks of parts such that no union of blocks is faulty; in the stated order of their first."""
    wrong = set(faulty)

    def goes(blocks: Blocks) -> bool:
        unions = (chosen for count in range(len(blocks) + 1) for chosen in combinations(blocks, count))
        return not any(frozenset(part for block in chosen for part in block) in wrong for chosen in unions)

    found = [each for each in _partitions(tuple(parts)) if goes(each)]
    return max(found, key=len)


def _partitions(parts: tuple[Part, ...]) -> Iterator[Blocks]:
    """Yield every way to put parts into blocks, the blocks in the order of their first parts."""
    if not parts:
        yield ()
        return
    first, *rest = parts
    for blocks in _partitions(tuple(rest)):
        yield ((first,), *blocks)
        for at, block in enumerate(blocks):
            yield ((first, *block), *blocks[:at], *blocks[at + 1 :])


def _between(parts: Sequence[Part], faulty: Collection[frozenset[Part]]) -> Blocks:
    """Return the blocks between the steps of the stated order that are not faulty."""
    blocks: list[tuple[Part, ...]] = []
    for count in range(1, len(parts) + 1):
        if frozenset(parts[:count]) not in faulty:
            done = sum(map(len, blocks))
            blocks.append(tuple(parts[done:count]))
    return tuple(blocks)
