"""What a bureau files, from one run: workbook, volume, layers, map and index, each number with its source."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from siting.domain.nouns import Progress, quiet
from siting.files import temporary_folder, written_files
from siting.text import Lang, say
from siting.version import __version__
from siting.write.drawing import write_drawing
from siting.write.files import remove_file, write_bytes, write_text
from siting.write.layers import report_layers, save_gaps, save_plan, save_styled, told_of
from siting.write.report.chapters import chapters
from siting.write.report.filing import Filing
from siting.write.report.index import Listed, index_page
from siting.write.report.lists import report_lists
from siting.write.report.pictures import pictures
from siting.write.report.records import Records, root
from siting.write.report.sheets import sheets
from siting.write.report.volume import volume_bytes
from siting.write.report.web_volume import volume_page
from siting.write.report.workbook import workbook_bytes
from siting.write.shapefiles import Encoding, write_shapefiles
from siting.write.webmap import write_map

# The files of a report, by what they are.
FILES: Final[Mapping[str, str]] = {
    "workbook": "tables.xlsx",
    "volume": "volume.docx",
    "web_volume": "volume.html",
    "map": "map.html",
    "layers": "layers.gpkg",
    "shapefiles": "layers-shp.zip",
    "drawing": "layers.dxf",
    "gaps": "data/gaps.geojson",
    "plan": "data/plan.geojson",
    "after": "data/gaps-after.geojson",
    "places": "data/places.parquet",
    "stations": "data/stations.parquet",
    "lists": "data/report.json",
    "trace": "data/trace.json",
    "index": "index.html",
}
_OF_PLAN: Final = ("plan", "after", "stations")


@dataclass(frozen=True)
class Asked:
    """What a report is asked for besides: Shapefiles in an encoding, a drawing, a template of the volume."""

    shapefiles: Encoding | None = None
    drawing: bool = False
    template: Path | None = None


def report_files(folder: Path, *, with_plan: bool, asked: Asked | None = None) -> dict[str, Path]:
    """Return the files that a report writes, by what they are."""
    asked = asked or Asked()
    left_out = {
        *(() if with_plan else _OF_PLAN),
        *(() if asked.shapefiles else ("shapefiles",)),
        *(() if asked.drawing else ("drawing",)),
    }
    return {key: folder / name for key, name in FILES.items() if key not in left_out}


def write_report(
    folder: Path, filing: Filing, lang: Lang, *, asked: Asked | None = None, progress: Progress | None = None
) -> dict[str, Path]:
    """Write a report into a folder.

    Parameters
    ----------
    folder : pathlib.Path
        It is made if it is missing. Files of an earlier report are replaced, each whole; those that this one does not
        have are removed.
    filing : Filing
        The findings of one run.
    lang : {"zh", "en"}
        Language of tables and pages.
    asked : Asked, optional
        What is written besides, and from which template.
    progress : callable, optional
        Called as ``(stage, done, total)``.

    Returns
    -------
    dict
        The files, by what they are.

    Raises
    ------
    InputError
        A file cannot be written, or the template cannot be used.
    """
    report, asked = progress or quiet, asked or Asked()
    files = report_files(folder, with_plan=filing.proposal is not None, asked=asked)
    report("report", 0, 1)
    data = _data(filing)
    records = Records(**{key: root(FILES[key], json.loads(content)) for key, content in data.items()})
    head = filing.assessment.inputs.scenario.scenario
    title = say("report.title", lang, title=head.title)
    as_of = say("report.as_of", lang, date=head.date.isoformat(), version=__version__)
    standards = filing.assessment.inputs.standards
    workbook, cells = workbook_bytes(sheets(records, standards, lang), title=title, as_of=as_of, lang=lang)
    kind = "title" if filing.proposal is not None else "title_present" if head.horizon == "current" else "title_horizon"
    volume, bookmarks = volume_bytes(
        chapters(records, standards, lang),
        pictures(filing, lang),
        title=say(f"report.volume.{kind}", lang, title=head.title),
        subject=say("report.volume.subject", lang, date=head.date.isoformat()),
        lang=lang,
        template=asked.template,
    )
    web_volume = volume_page(volume, title, lang)
    # Nothing is written before all that a template can spoil has been made.
    _clear(folder, files)
    for key, content in data.items():
        write_bytes(files[key], content)
    write_bytes(files["workbook"], workbook)
    write_bytes(files["volume"], volume)
    write_text(files["web_volume"], web_volume)
    _write_layers(files, filing, asked, lang)
    write_map(files["map"], filing.assessment, filing.proposal, lang=lang, what_if=filing.what_if)
    write_bytes(files["trace"], _json({FILES["workbook"]: cells, FILES["volume"]: bookmarks}))
    listed = [Listed(FILES[key], key) for key in files if key != "index"]
    write_text(files["index"], index_page(records, listed, title=title, as_of=as_of, lang=lang))
    report("report", 1, 1)
    return files


def _write_layers(files: Mapping[str, Path], filing: Filing, asked: Asked, lang: Lang) -> None:
    """Write the layers, in each format that is asked for."""
    found, proposal = filing.assessment, filing.proposal
    save_styled(files["layers"], found, proposal, lang)
    save_gaps(files["places"], found)
    if proposal is not None:
        save_plan(files["stations"], proposal)
    if asked.shapefiles is not None:
        layers = {**report_layers(found, proposal), **told_of(found)}
        write_shapefiles(files["shapefiles"], layers, asked.shapefiles, found.inputs.scenario.scenario.date.isoformat())
    if asked.drawing:
        write_drawing(files["drawing"], found, proposal, lang)


def _data(filing: Filing) -> dict[str, bytes]:
    """Return the files that all numbers are read from."""
    drafts = {"gaps": filing.assessment} | ({} if filing.proposal is None else {"after": filing.proposal.after})
    # The drafts are no results: they do not enter the list of what was written.
    with temporary_folder() as folder, written_files():
        for key, assessment in drafts.items():
            save_gaps(folder / f"{key}.geojson", assessment)
        if filing.proposal is not None:
            save_plan(folder / "plan.geojson", filing.proposal)
        keys = ["gaps"] if filing.proposal is None else ["gaps", "plan", "after"]
        found = {key: (folder / f"{key}.geojson").read_bytes() for key in keys}
    return found | {"lists": _json(report_lists(filing))}


def _clear(folder: Path, files: Mapping[str, Path]) -> None:
    """Remove the index of an earlier report, then the files that it links to and this report does not write."""
    index = folder / FILES["index"]
    try:
        linked = index.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        linked = ""
    remove_file(index)
    for key, name in FILES.items():
        if key not in files and f'href="{name}"' in linked:
            remove_file(folder / name)


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode("utf-8")
