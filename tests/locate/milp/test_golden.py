"""The program of each model on one small problem, as an LP file: a change of a program is seen and must be meant.

``SITING_GOLDEN=write pytest tests/locate/milp/test_golden.py`` writes the files again.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import highspy
import numpy as np
import pytest
from scipy.sparse import csr_array

from siting.domain.nouns import Floats
from siting.domain.requirements import Requirement, Sharing
from siting.locate.highs import Milp, minimise
from siting.locate.milp.compliance import compliance_milp
from siting.locate.milp.constraints import ConstraintBlock
from siting.locate.milp.formulation import LexicographicMilp
from siting.locate.milp.models import milp_of
from siting.locate.milp.network import ParentLinks, network_milp
from siting.locate.milp.p_center import milp_within
from siting.locate.milp.requirements import system_of
from siting.locate.milp.robust import robust_milp
from siting.locate.phases import Phase, PhasedMilp
from siting.locate.problem import Effort, FairCovering, MaximalCovering, Model, PMedian, Problem, Rules, SetCovering

GOLDEN: Final = Path(__file__).parent / "golden"
# Minutes from four sites (the last one stands already) to six places; beyond 15 nobody walks.
REACH: Final = csr_array(
    np.array([[5, 9, 0, 0, 14, 0], [0, 8, 6, 0, 0, 12], [0, 0, 7, 4, 0, 0], [0, 0, 0, 0, 3, 0]]) * 60.0
)
SITES: Final = ("x0", "x1", "x2", "x3")
PEOPLE: Final = np.array([50.0, 40.0, 30.0, 20.0, 10.0, 60.0])
UNITS: Final = csr_array(np.array([[1.0, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]]) * PEOPLE)
KEPT: Final = np.array([False, False, False, True])
COSTS: Final = np.array([3e6, 2e6, 1e6, 0.0])
RULES: Final = Rules(
    stations=2,
    kept=KEPT,
    costs=COSTS,
    budget=4e6,
    place=np.array([0, 1, 1, 2]),
    apart=np.array([[0, 1]]),
    unit=np.array([0, 0, 1, 1]),
    most_per_unit=np.array([1, 2]),
)
CASES: Final[Mapping[str, tuple[Rules, Model]]] = {
    "mclp": (Rules(stations=2, kept=KEPT), MaximalCovering()),
    "mclp_rules": (RULES, MaximalCovering()),
    "mclp_capacity": (Rules(stations=2, capacity=np.array([60.0, 70.0, np.inf, 10.0]), kept=KEPT), MaximalCovering()),
    "lscp": (Rules(kept=KEPT), SetCovering(0.8)),
    "lscp_units": (Rules(costs=COSTS, kept=KEPT), SetCovering(0.5, unit_share=0.4, by_cost=True)),
    "p_median": (Rules(stations=2, kept=KEPT), PMedian(900.0)),
    "p_median_two_stages": (Rules(stations=2, kept=KEPT), PMedian()),
    "fair": (Rules(stations=2, kept=KEPT), FairCovering()),
}


@dataclass(frozen=True)
class Written:
    """A program, and the names of its columns and rows."""

    head: str
    milp: Milp
    columns: Sequence[str]
    rows: Sequence[str]

    def lp(self) -> str:
        """Write it in the LP format."""
        rows = []
        for row, name in enumerate(self.rows):
            left = self._sum(self.milp.matrix[[row]].toarray()[0])
            sides = ((">=", self.milp.row_low[row], "_low"), ("<=", self.milp.row_high[row], ""))
            rows += [f" {name}{end}: {left} {sign} {side:.12g}" for sign, side, end in sides if np.isfinite(side)]
        bounds = [
            f" {low:.12g} <= {name} <= {high:.12g}"
            for name, low, high in zip(self.columns, self.milp.lower, self.milp.upper, strict=True)
        ]
        whole = " ".join(self.columns[i] for i in np.flatnonzero(self.milp.integer))
        goal = ["\\ " + self.head, "minimize", f" obj: {self._sum(self.milp.cost)}"]
        return "\n".join([*goal, "subject to", *rows, "bounds", *bounds, "general", f" {whole}", "end", ""])

    def _sum(self, weights: Floats) -> str:
        terms = [f"{weight:+.12g} {self.columns[i]}" for i, weight in enumerate(weights) if weight]
        return " ".join(terms) or f"0 {self.columns[0]}"


def programs() -> Iterator[tuple[str, Written]]:
    """Give the program of each objective of each model, under the name of its file."""
    for name, (rules, model) in CASES.items():
        program = milp_of(Problem(REACH, PEOPLE, rules, units=UNITS), model)
        yield from _objectives(name, program, ["least"] * program.dependents)
    # At most 8 minutes for 150 people.
    yield from _objectives("p_center", milp_within(Problem(REACH, PEOPLE, Rules(stations=2, kept=KEPT)), 480.0, 150.0))
    draws = np.array([PEOPLE, PEOPLE[::-1], 1.2 * PEOPLE])
    drawn = robust_milp(Problem(REACH, draws.mean(axis=0), Rules(stations=2, kept=KEPT)), draws, 0.6)
    yield from _objectives("robust", drawn, ["promise", *(f"exempt{i}" for i in range(len(draws)))])
    yield from _compliance()
    yield from _network()
    yield "phased", _phased()


def _objectives(name: str, program: LexicographicMilp, own: Sequence[str] = ()) -> Iterator[tuple[str, Written]]:
    """Give the program of each objective, whose columns are sites, service and others of its ``own``."""
    columns = [*SITES, *(f"y{i}" for i in range(program.service.variables)), *own]
    blocks = [*program.site_constraints, *program.service.blocks, *program.share_constraints]
    for objective in program.objectives:
        head = f"{objective.name}, {objective.sense}"
        yield f"{name}_{objective.name}", Written(head, program.single(objective), columns, _names(blocks))


def _phased() -> Written:
    """Give the program of two phases: the third site may open in the second alone, and money limits each."""
    everywhere = np.ones(4, dtype=bool)
    phases = [
        Phase(PEOPLE, everywhere & (np.arange(4) != 2), factor=2.0, stations=1, budget=3e6),
        Phase(PEOPLE[::-1], everywhere & (np.arange(4) != 0), budget=2e6),
    ]
    program = PhasedMilp(Problem(REACH, PEOPLE, Rules(costs=COSTS, kept=KEPT, apart=np.array([[0, 1]]))), phases)
    sites = [f"{site}_{phase}" for phase in range(2) for site in SITES]
    groups = [f"y{group}_{phase}" for phase in range(2) for group in range(program.value.shape[1])]
    return Written("elderly_years, max", program.milp(), [*sites, *groups], _names(program.blocks))


def _compliance() -> Iterator[tuple[str, Written]]:
    """Give the programs of three clauses (land, a covered share, a facility in a unit): all met, or relaxed."""
    problem = Problem(REACH, PEOPLE, Rules(costs=COSTS, kept=KEPT))
    covered = Sharing(csr_array((REACH.toarray() > 0) * 1.0), np.arange(6), PEOPLE / PEOPLE.sum())
    asked = [
        Requirement(
            "land", "district", "d", "mandatory", "land", 900.0, 200.0, np.array([300.0, 400, 500, 0]), None, 0
        ),
        Requirement("circle", "district", "d", "target", "covered_share", 0.9, 0.0, np.zeros(4), covered, 1),
        Requirement("station", "community", "c", "target", "facility", 1.0, 0.0, np.array([1.0, 1.0, 0, 0]), None, 2),
    ]
    system = system_of(problem, asked)
    groups, needs = system.reach.shape[0], len(system.deficit)
    columns = [*SITES, *(f"y{i}" for i in range(groups)), *(f"short{i}" for i in range(needs))]
    for relaxed in (False, True):
        program = compliance_milp(problem, system, relaxed=relaxed)
        rules = _names(program.site_constraints)
        rows = [*rules, *(f"covered{i}" for i in range(groups)), *(f"need{i}" for i in range(needs))]
        earlier: tuple[ConstraintBlock, ...] = ()
        for number, objective in enumerate(program.objectives):
            head, milp = f"{objective.name}, {objective.sense}", program.single(objective, earlier)
            fixed = [f"fixed{each}" for each in range(number)]
            name = f"compliance_{number}_{objective.name}" if relaxed else "compliance"
            yield name, Written(head, milp, columns, [*rows, *fixed])
            earlier = (*earlier, objective.fixed_at(0.25 if number == 1 else 0.0))


def _network() -> Iterator[tuple[str, Written]]:
    """Give the programs of a network: a station (two sizes of a place) and an orphan, led by a centre or a home."""
    problem = Problem(REACH, PEOPLE, Rules(stations=2, kept=KEPT, place=np.array([0, 1, 1, 2])))
    station = Requirement(
        "station", "community", "c", "target", "facility", 1.0, 0.0, np.array([1.0, 1.0, 0, 0]), None, 0
    )
    none = np.zeros(0, dtype=np.int64)
    links = ParentLinks(
        children=(np.array([1, 2]), none),
        parents=(np.array([0]), none),
        room=np.array([3.0, 1.0]),
        pairs=np.array([[0, 0], [0, 1], [1, 0], [1, 1]]),
        metres=np.array([400.0, 900.0, 300.0, 200.0]),
    )
    program = network_milp(problem, system_of(problem, [station]), links)
    pairs = [f"z{child}_{parent}" for child, parent in links.pairs.tolist()]
    yield from _objectives("network", program, ["short0", *pairs, "alone0", "alone1"])


def _names(blocks: Sequence[ConstraintBlock]) -> list[str]:
    return [
        f"{block.rule or 'model'}{number}_{row}"
        for number, block in enumerate(blocks)
        for row in range(block.matrix.shape[0])
    ]


PROGRAMS: Final = dict(programs())


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_program_of_each_model_is_the_one_that_was_read(name: str) -> None:
    path, written = GOLDEN / f"{name}.lp", PROGRAMS[name]
    if os.environ.get("SITING_GOLDEN") == "write":
        path.write_text(written.lp(), encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == written.lp()
    # HiGHS reads the file by itself.
    assert _optimum(path) == pytest.approx(minimise(written.milp, Effort()).objective)


def _optimum(path: Path) -> float:
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)  # noqa: FBT003 - HiGHS takes it so
    solver.readModel(str(path))
    solver.run()
    return float(solver.getInfo().objective_function_value)


def test_no_file_is_of_a_model_that_is_gone() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(PROGRAMS)
