"""A smoke test in Firefox: layers are seen, the choice is measured, drawn, solved again, and its proof checked."""

from pathlib import Path

import siting
from siting.text.numbers import number, percent
from siting.write.webmap import write_map
from tests.firefox import Firefox, firefox
from tests.what_if.conftest import Held
from tests.write.seen import look, spots_of

CLICK = """const named = (name) => [...document.querySelectorAll("#what-if button")].find((each) => each.offsetParent &&
    each.innerText.trim() === name);
named("NAME").click();"""
# How many pixels of the picture of cells have the colour of what is newly covered.
NEW = """const canvas = document.querySelector("canvas.what-if-cells");
const bytes = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
let count = 0;
for (let i = 0; i < bytes.length; i += 4) {
    if (bytes[i] === 178 && bytes[i + 1] === 66 && bytes[i + 2] === 122) count += 1;
}
return count;"""


def _see_layers(fox: Firefox, plan: siting.results.Plan) -> None:
    """At three zooms and after pans each layer's colour is where its geometry is."""
    spots = spots_of(plan)
    fox.run('document.getElementById("fold-card").click();')
    look(fox, spots, 1, least=40)
    for least in (30, 10):
        fox.run("map_main.setZoom(map_main.getZoom() + 0.7, { animate: false });")
        look(fox, spots, 1, least=least)
    for pan in range(6):
        fox.run(f"map_main.panBy([{(-1) ** pan * (90 + 40 * pan)}, {70 * (pan % 3 - 1)}], {{ animate: false }});")
    look(fox, spots, 1, least=5)


def test_the_what_if_in_firefox(plan: siting.results.Plan, sampled: Held, tmp_path: Path) -> None:
    page = tmp_path / "map.html"
    write_map(page, plan.proposal.before, plan.proposal, lang="zh", what_if=sampled.found)
    folder = tmp_path / "profile"
    folder.mkdir()
    with firefox(folder) as fox:
        fox.go(page)
        fox.until('return "ready" in document.body.dataset;')
        _see_layers(fox, plan)
        fox.run('document.getElementById("tab-what-if").click();')
        fox.until('return document.querySelectorAll("#what-if-sites tbody tr").length > 100;')
        share = 'return document.querySelector(".what-if-head .big .now").textContent;'
        assert fox.run(share) == percent(plan.after.totals["covered_share"])
        assert fox.run(NEW) > 100
        fox.run(CLICK.replace("NAME", "回到现状"))
        assert fox.run(share) == percent(plan.before.totals["covered_share"])
        assert fox.run(NEW) == 0
        fox.run(CLICK.replace("NAME", "求解"))
        told = 'return document.querySelector("section:has(#what-if-goal) [role=status]").innerText;'
        fox.until(f'{told[:-1]}.startsWith("最优");', 60)
        assert number(plan.objective) in fox.run(told)
        assert fox.run(share) == percent(plan.after.totals["covered_share"])
        fox.run(CLICK.replace("NAME", "核验证明"))
        fox.until('return document.querySelector(".proved") !== null;', 60)
        fox.picture(tmp_path / "firefox.png")
        assert fox.fetched() == []
        assert fox.complaints(page) == []
        # What is asked of it is heard.
        fox.run("setTimeout(() => { throw new Error('heard'); });")
        fox.until("return true;")
        assert any("heard" in told for told in fox.complaints(page))
    assert (tmp_path / "firefox.png").stat().st_size > 50_000
