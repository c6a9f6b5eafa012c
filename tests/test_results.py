"""The public views: what a planner or a notebook asks of a report and of a plan."""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal

import siting
from siting.domain.tables import CHECK_COLUMNS, GRID_COLUMNS, PLACE_COLUMNS
from siting.errors import InputError
from siting.results import GapReport, Plan, WebPage

pytestmark = pytest.mark.usefixtures("walks_once")


def test_tables_hold_the_columns_of_the_schema(gaps: GapReport) -> None:
    columns = [column.key for column in PLACE_COLUMNS] + ["geometry"]
    assert list(gaps.places.columns) == columns
    assert list(gaps.units.columns) == columns
    assert list(gaps.clauses.columns) == ["id"] + [column.key for column in CHECK_COLUMNS]
    assert list(gaps.grid.columns) == [column.key for column in GRID_COLUMNS]
    assert gaps.places.crs == gaps.units.crs
    assert gaps.places.crs.is_projected


def test_views_are_copies(gaps: GapReport) -> None:
    covered = gaps.totals["elderly_covered"]
    grid, units = gaps.grid, gaps.units
    grid["covered"] = 0.0
    units["verdict"] = "met"
    assert gaps.has_gap()
    assert float(gaps.grid["elderly"] @ gaps.grid["covered"]) == pytest.approx(covered)


def test_the_circle_binds_communities_and_land_does_not_bind_today(gaps: GapReport) -> None:
    binding = gaps.clauses[gaps.clauses["binding"].astype(bool)]
    assert set(binding.loc[binding["kind"] == "service_circle", "level"]) == {"community"}
    assert "land_per_person" not in set(binding["kind"])
    assert gaps.has_gap(binding=True)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_figures_show_every_street_and_both_floors(gaps: GapReport, plan: Plan, lang: siting.text.Lang) -> None:
    figure = gaps.plot(lang)
    land, minutes = figure.axes
    streets = gaps.units[gaps.units["level"] == "street"]
    assert len(land.patches) == len(streets)
    lengths = [patch.get_width() for patch in land.patches]
    assert lengths == pytest.approx(streets["land_m2_per_resident"].tolist())
    drawn = sum(patch.get_height() for patch in minutes.patches)
    reached = gaps.grid["elderly"][gaps.grid["minutes_to_nearest"].notna()].sum()
    assert drawn == pytest.approx(reached)
    curve = plan.plot(lang).axes[0].lines[0].get_ydata()
    assert curve[-1] == pytest.approx(100 * plan.after.totals["covered_share"])


def test_the_map_shows_itself_in_a_notebook(gaps: GapReport, tmp_path: Path) -> None:
    page = gaps.explore("en")
    assert isinstance(page, WebPage)
    frame = page._repr_html_()
    assert frame.startswith('<iframe srcdoc="')
    assert frame.count('"') == frame.split('srcdoc="', 1)[0].count('"') + 6, "the page's own quotes are escaped"
    page.save(tmp_path / "map.html")
    assert (tmp_path / "map.html").read_bytes().decode("utf-8") == page.html


def test_tables_show_themselves_in_a_notebook(gaps: GapReport, plan: Plan) -> None:
    assert "古渡街道" in gaps._repr_html_()
    assert str(plan.stations["candidate_id"].iloc[0]) in plan._repr_html_()


def test_notes_speak_both_languages(gaps: GapReport) -> None:
    zh, en = gaps.notes("zh"), gaps.notes("en")
    assert len(zh) == len(en) > 0
    assert any("现状对照" in line for line in zh)
    assert any("F024" in line for line in en), "facilities without land are named"


def test_refused_candidates_name_layer_and_rule(plan: Plan) -> None:
    assert {"farmland", "ecology", "flood"} == set(plan.refused["layer"])
    assert "永久基本农田" in set(plan.refused["clause"])
    assert not set(plan.stations["candidate_id"]) & set(plan.refused.index)


def test_progress_tells_every_stage(small: Path) -> None:
    told: list[tuple[str, int, int]] = []
    siting.check(small, progress=lambda *step: told.append(step))
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == ["read", "places", "network", "walk"]
    last = {stage: (done, total) for stage, done, total in told}
    assert all(done == total for done, total in last.values())


def test_scenario_and_tables_are_frozen(sample: Path, gaps: GapReport) -> None:
    scenario = siting.read_scenario(sample)
    with pytest.raises(ValueError, match="frozen"):
        scenario.walking.minutes = 30
    assert isinstance(gaps.clauses, pd.DataFrame)


def test_what_is_printed_tells(sample: Path, gaps: GapReport, plan: Plan) -> None:
    title = siting.read_scenario(sample).scenario.title
    assert repr(siting.read_scenario(sample)).startswith(
        f"<Scenario {title}: 2026-01-01, current; scenario, standards,"
    )
    places = len(gaps.places) + len(gaps.units)
    assert repr(gaps) == f"<GapReport {title}: {places} places, 66,000 elderly, 58.4% covered>"
    assert repr(plan).startswith(f"<Plan {title}: optimal, {len(plan.stations)} stations, 58.4% → ")
    assert repr(plan.fairness()).startswith(
        f"<Study fairness of {title}: {len(plan.fairness().table)} rows of id, name"
    )
    assert repr(plan.build_order()).startswith(f"<Study build order of {title}: {len(plan.stations)} rows of ")
    assert repr(siting.explain(sample, "500199001002")).startswith("<Explanation ")


def test_the_repr_of_an_inspection_counts_layers_faults_and_notes(small: Path) -> None:
    found = siting.inspect(small)
    title, layers, notes = found.scenario.scenario.title, len(found.log.layers), len(found.notes)
    assert repr(found) == f"<Inspection {title}: {layers} layers, 0 faults, {notes} notes>"


def test_sites_are_forced_and_forbidden_in_the_call(small: Path) -> None:
    plan = siting.propose(small, stations=2)
    first, last = plan.stations["candidate_id"]
    others = siting.propose(small, stations=2, forced="p0", forbidden=[first])
    found = set(others.stations["candidate_id"])
    assert "p0" in found
    assert first not in found
    assert others.objective < plan.objective
    own = siting.read_scenario(small)
    own = own.model_copy(update={"plan": own.plan.model_copy(update={"forced": (first,), "forbidden": (last,)})})
    turned = set(siting.propose(own, stations=2, forced=[last], forbidden=[first]).stations["candidate_id"])
    assert last in turned
    assert first not in turned
    with pytest.raises(InputError, match="p0"):
        siting.propose(small, stations=2, forced=["p0"], forbidden=["p0"])


def test_cells_of_the_grid_have_their_ground(gaps: GapReport) -> None:
    cells = gaps.grid_cells()
    pd.testing.assert_frame_equal(pd.DataFrame(cells.drop(columns="geometry")), gaps.grid)
    assert cells.crs == gaps.places.crs
    # Side by side without overlaps, each around the point where its people stand.
    middle = gaps.assessment.demand.cells.loc[cells.index]
    assert (cells.centroid.x - middle["x"]).abs().max() < 0.01
    assert (cells.centroid.y - middle["y"]).abs().max() < 0.01
    assert cells.union_all().area == pytest.approx(cells.area.sum(), rel=1e-9)


def test_a_gap_report_sums_itself_up_in_a_notebook(gaps: GapReport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITING_LANG", "en")
    shown = gaps._repr_html_()
    head = shown.partition("<table")[0]
    assert f"{gaps.totals['elderly_uncovered']:,.0f}" in head
    short = int((gaps.places["verdict"] == "gap").sum())
    assert f"{len(gaps.places)}, of which {short} " in head
    # The title is the user's: it is text.
    inputs = gaps.assessment.inputs
    hostile = inputs.scenario.model_copy(
        update={"scenario": inputs.scenario.scenario.model_copy(update={"title": "<script>x</script>"})}
    )
    other = GapReport(replace(gaps.assessment, inputs=replace(inputs, scenario=hostile)))
    assert "<script>" not in other._repr_html_()


@pytest.mark.parametrize("name", ["places", "units", "stations"])
def test_tables_come_back_from_files_as_they_were(gaps: GapReport, plan: Plan, name: str, tmp_path: Path) -> None:
    table = plan.stations if name == "stations" else getattr(gaps, name)
    assert type(table) is gpd.GeoDataFrame
    lists = [key for key in table if table[key].map(lambda cell: isinstance(cell, list)).any()]
    assert lists == (["funding", "preferred"] if name == "stations" else [])
    plain = table.drop(columns=lists)
    plain.to_parquet(tmp_path / "table.parquet")
    assert_geodataframe_equal(gpd.read_parquet(tmp_path / "table.parquet"), plain)
    # A GeoPackage knows other types, and no empty column of texts; its order of columns is the same.
    plain.to_file(tmp_path / "table.gpkg")
    back = gpd.read_file(tmp_path / "table.gpkg")
    assert set(back.columns) == set(plain.columns)
    for key in plain.columns.drop("geometry"):
        assert back[key].isna().equals(plain[key].isna()), key
        assert back[key].dropna().tolist() == plain[key].dropna().tolist(), key
    assert back.geometry.geom_equals_exact(plain.geometry, 1e-9).all()
    assert back.crs == plain.crs
