"""Measure the map's what-if in a browser: 100,000 populated cells and 300 sites.

    python benchmarks/what_if.py FOLDER [--edits 200]

A fifteenth of the municipality of ``benchmarks/municipality.py``, with 2,000 residential areas, 100 facilities and 200
candidates. Headless Chromium without a graphics card opens the page; an edit is timed from the call that the click
makes until all figures stand in the page and are laid out, and until the frame after it is drawn. Then the map pans and
zooms, and its frames are counted.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
from municipality import make
from playwright.sync_api import sync_playwright

import siting
from siting.domain.nouns import quiet
from siting.pipeline.what_if import what_if
from siting.write.webmap import write_map

PART: Final = 0.0667
KEPT: Final = {"residential_areas": 2_000, "facilities": 100, "candidates": 200}
MIB: Final = 2**20
# Times each edit: the figures painted and laid out, and the frame drawn after it.
EDITS: Final = """async ([count, kind]) => {
    const view = sitingWhatIf.current();
    const { engine } = view;
    const frame = () => new Promise((done) => requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = done;
        channel.port2.postMessage(0);
    }));
    const found = [];
    let seed = 7;
    const random = (most) => (seed = (seed * 48271) % 2147483647) % most;
    const placing = view.parts.find((part) => part.able);
    const [[south, west], [north, east]] = siting.data.extent;
    if (kind === "placed") placing.add();
    for (let i = 0; i < count; i += 1) {
        await frame();
        const at = random(kind === "site" ? engine.firstPlaced : engine.data.minutes.length);
        const part = () => random(1e6) / 1e6;
        const [lat, lon] = [south + part() * (north - south), west + part() * (east - west)];
        const start = performance.now();
        if (kind === "site") view.toggle(at);
        else if (kind === "placed") placing.move(0, lat, lon);
        else view.edit({ minutes: at }, "minutes");
        document.getElementById("what-if").offsetHeight;
        const painted = performance.now();
        await frame();
        found.push([painted - start, performance.now() - start]);
    }
    return found;
}"""

# Times the frames of two seconds in which the map pans or zooms.
FRAMES: Final = """async (zoom) => {
    const [at, level] = [map_main.getCenter(), map_main.getZoom()];
    const frame = () => new Promise(requestAnimationFrame);
    let last = await frame();
    const end = last + 2000;
    if (zoom) map_main.flyTo(at, level + 2, { duration: 2 });
    else map_main.panBy([600, 200], { duration: 2, easeLinearity: 1 });
    const found = [];
    while (last < end) {
        const now = await frame();
        found.push([now - last]);
        last = now;
    }
    map_main.setView(at, level, { animate: false });
    return found;
}"""


def main() -> None:
    """Make the inputs and the page, and print a table of its times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--edits", type=int, default=200)
    given = parser.parse_args()
    folder = given.folder / "what_if"
    if not (folder / "scenario.toml").exists():
        make(folder, PART)
        for name, most in KEPT.items():
            path = folder / f"{name}.parquet"
            gpd.read_parquet(path).sample(most, random_state=1).to_parquet(path)
    page = folder / "map.html"
    assessment = siting.check(siting.read_scenario(folder / "scenario.toml")).assessment
    start = time.perf_counter()
    found = what_if(assessment, None, quiet)
    if found is None:
        sys.exit("there is nothing to choose")
    gathered = time.perf_counter() - start
    write_map(page, assessment, lang="en", what_if=found, solver=False)
    ways = "no walking network" if found.streets is None else f"{len(found.streets.arrays['u']):,} edges"
    sizes = len(found.people.cells), len(found.choices.sites), len(found.reach.cell)
    print("{:,} cells, {} sites, {:,} walks of a site to a cell, {}".format(*sizes, ways))
    print(f"gathered in {gathered:.1f} s; the page has {page.stat().st_size / MIB:.1f} MiB without the solver")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        told = browser.new_page(viewport={"width": 1366, "height": 768})
        start = time.perf_counter()
        told.goto(page.resolve().as_uri())
        told.wait_for_selector(".leaflet-container canvas")
        first = time.perf_counter() - start
        start = time.perf_counter()
        told.click("#tab-what-if")
        told.locator("#what-if-sites tbody tr").first.wait_for()
        print(f"first view {first:.1f} s, the tab's {time.perf_counter() - start:.1f} s")
        print("| edit | figures painted, median ms | p95 | frame drawn, median ms | p95 |\n|---|---|---|---|---|")
        kinds = ("site", "minutes") if found.streets is None else ("site", "minutes", "placed")
        for kind in kinds:
            times = told.evaluate(EDITS, [given.edits, kind])
            print(f"| {kind} | {' | '.join(f'{each:.1f}' for column in (0, 1) for each in quantiles(times, column))} |")
        told.click("#tab-results")
        for name, zoom in (("panning", False), ("zooming", True)):
            times = [row for _ in range(3) for row in told.evaluate(FRAMES, zoom)]
            middle, most = quantiles(times, 0)
            print(f"{name}: {len(times) / 6:.0f} frames a second; a frame takes {middle:.1f} ms, p95 {most:.1f} ms")
        browser.close()


def quantiles(times: list[list[float]], column: int) -> tuple[Any, Any]:
    """Return the median and the 95th percentile."""
    ordered = sorted(row[column] for row in times)
    return ordered[len(ordered) // 2], ordered[int(0.95 * (len(ordered) - 1))]


if __name__ == "__main__":
    main()
