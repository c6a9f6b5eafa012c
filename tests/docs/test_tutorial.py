"""The tutorial's commands run as written, and its pages hold what they print."""

import re
from pathlib import Path

import pytest

from siting.cli.commands import build
from siting.text import LANGS, Lang
from tests.conftest import ROUNDS
from tools.tutorial import PAGES, printed

ROOT = Path(__file__).resolve().parents[2]
PROSE_PAGES = [
    "README.md",
    "README.zh.md",
    *(f"docs/{lang}/{name}.md" for lang in LANGS for name in ("tutorial", "howto")),
]


@pytest.mark.parametrize("lang", LANGS)
def test_pages_are_as_the_commands_print_today(lang: Lang, tmp_path: Path) -> None:
    """The English page follows the Chinese one, figure by figure (below); here it runs when rounds are asked for."""
    if lang == "en" and ROUNDS == 1:
        pytest.skip("the English page is run with SITING_ROUNDS")
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


def test_both_languages_give_the_same_commands_and_figures() -> None:
    commands, figures = [], []
    for lang in LANGS:
        page = PAGES[lang].read_text(encoding="utf-8").replace("江峡区/", "jiangxia/").replace(" 江峡区", " jiangxia")
        commands.append(re.findall(r"^siting .*$", page, flags=re.MULTILINE))
        blocks = re.findall(r"^```text.*?\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
        # Of what both show: tables of figures, and the sentences below them.
        figures.append([set(re.findall(r"\d{1,3}(?:,\d{3})+|\d+\.\d+%", block)) for block in blocks])
    assert commands[0] == commands[1]
    assert len(figures[0]) == len(figures[1])
    for zh, en in zip(*figures, strict=True):
        # Lines are wrapped at other places, so that one of them may be cut off earlier.
        assert zh <= en or en <= zh, (zh - en, en - zh)
    assert sum(len(zh & en) for zh, en in zip(*figures, strict=True)) > 80


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
