"""The tutorial's commands run as written, and its pages hold what they print."""

import re
from pathlib import Path

import pytest

from siting.cli.commands import build
from siting.text import LANGS, Lang
from tools.tutorial import PAGES, printed

ROOT = Path(__file__).resolve().parents[2]
PROSE_PAGES = [
    "README.md",
    "README.zh.md",
    *(f"docs/{lang}/{name}.md" for lang in LANGS for name in ("tutorial", "howto")),
]


@pytest.mark.parametrize("lang", LANGS)
def test_pages_are_as_the_commands_print_today(lang: Lang, tmp_path: Path) -> None:
    page = PAGES[lang].read_text(encoding="utf-8")
    folder = tmp_path / "work"
    folder.mkdir()
    assert page == printed(page, lang, folder), "run python -m tools.tutorial"
    # What the prose and the pictures tell is what the run has made.
    made = next(folder.iterdir())
    told = "".join(re.findall(r"^```text.*?^```$", page, flags=re.MULTILINE | re.DOTALL))
    prose = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    figures = re.findall(r"\d{1,3}(?:,\d{3})+|\d+\.\d+%|\d\.\d{3}", prose)
    assert len(figures) >= 6
    assert [figure for figure in figures if figure not in told] == []
    assert (made / "filed" / "volume.docx").stat().st_size > 100_000
    for name in ("account.html", "why.html", "map.html", "filed/index.html"):
        assert (made / name).stat().st_size > 1_000


@pytest.mark.parametrize("page", PROSE_PAGES)
def test_commands_of_the_pages_can_be_given(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line.partition(" #")[0].split() for block in blocks for line in block.splitlines()]
    calls = [line[1:] for line in lines if line[:1] == ["siting"]]
    assert calls
    for call in calls:
        group = build("en")
        name, command, rest = group.resolve_command(
            group.make_context("siting", ["demo"], resilient_parsing=True), call
        )
        assert command is not None
        # Files need not be there; options and their values are judged.
        context = command.context_class(command, info_name=name)
        params, _, _ = command.make_parser(context).parse_args(list(rest))
        for param in command.params:
            if param.name in params and not isinstance(params[param.name], list):
                param.type_cast_value(context, params[param.name])
