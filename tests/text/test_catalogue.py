"""Every text for people exists in both languages, and says the same in both."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import siting
from siting.assess.ledger import LEDGER_KINDS, UNIT_KINDS
from siting.domain import scenario as settings
from siting.domain import standards, tables
from siting.domain.clauses import Verdict
from siting.domain.measures import MEASURES
from siting.domain.nouns import PlanStatus
from siting.domain.tables import REASON_CODES, Column
from siting.read import all_standards, elsewhere_standards
from siting.text import LANGS, default_lang, knows, say, texts
from tests.codes import codes_in, literals

HOUSE: Final = Path(siting.__file__).parent
TREES: Final = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(HOUSE.rglob("*.py"))}
GROUPS: Final = {key.partition(".")[0] for key in texts()}
# Texts that are Chinese once their values stand in them.
SAME_IN_BOTH: Final = {"clause_unit.Mbps", "map.popup.article"}  # the article itself is Chinese
# Words that stand as they are in Chinese texts.
NAMES: Final = re.compile(r"\b(GeoJSON|GeoTIFF|GeoPackage|TOML|CSV|OSM|CRS|EPSG|WGS84|siting|HiGHS|km²?|m²|min|CNY)\b")


def calls() -> Iterator[tuple[Path, ast.Call, str]]:
    """Every call in the sources, with the name of what is called."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                yield path, node, name


def constants(node: ast.expr | None) -> list[str]:
    """The strings that an expression may be, as far as they are written out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return constants(node.body) + constants(node.orelse)
    return []


def families(node: ast.expr) -> list[str]:
    """The patterns of keys that are put together from parts."""
    if isinstance(node, ast.JoinedStr):
        parts = [re.escape(str(p.value)) if isinstance(p, ast.Constant) else r"[\w.]+" for p in node.values]
        return ["".join(parts)]
    if isinstance(node, ast.IfExp):
        return families(node.body) + families(node.orelse)
    return []


def placeholders(text: str) -> set[str]:
    """The values that a text shows; a plural that hangs on one is told apart by its format."""
    fields = string.Formatter().parse(text)
    return {name for _, name, form, _ in fields if name is not None and not (form or "").startswith("|")}


def plurals(text: str) -> set[str]:
    """The values on whose number a word of a text hangs."""
    fields = string.Formatter().parse(text)
    return {name for _, name, form, _ in fields if name is not None and (form or "").startswith("|")}


SAYING: Final = ("say", "words", "knows")
LITERAL: Final = sorted(
    {
        (path.relative_to(HOUSE).as_posix(), key)
        for path, call, name in calls()
        if name in SAYING and call.args
        for key in constants(call.args[0])
    }
)


def test_the_sources_are_found() -> None:
    assert len(TREES) > 40
    assert len(LITERAL) > 60


@pytest.mark.parametrize(("file", "key"), LITERAL)
def test_every_key_that_is_said_exists(file: str, key: str) -> None:
    assert knows(key), file


def test_every_family_of_keys_that_is_said_has_members() -> None:
    found = {
        (path.name, pattern)
        for path, call, name in calls()
        if name in SAYING and call.args
        for pattern in families(call.args[0])
    }
    assert len(found) > 20
    lost = [(file, pattern) for file, pattern in found if not any(re.fullmatch(pattern, key) for key in texts())]
    assert lost == []


def test_every_string_that_looks_like_a_key_exists() -> None:
    looks = re.compile(r"(?:{})(?:\.[a-z]\w*)+".format("|".join(sorted(GROUPS))))
    lost = {
        (path.name, node.value)
        for path, tree in TREES.items()
        if path.name not in ("scenario.py", "tables.py") and "catalogue" not in path.parts
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if looks.fullmatch(node.value) and not knows(node.value) and not node.value.endswith((".html", ".py", ".toml"))
        # The first part of a key that is put together stands for a family.
        if not any(key.startswith(node.value) for key in texts())
    }
    assert lost == set()


def test_what_is_said_fills_every_placeholder_of_its_text() -> None:
    lost = []
    for path, call, name in calls():
        if name not in ("say", "words") or not call.args or any(keyword.arg is None for keyword in call.keywords):
            continue
        given = {keyword.arg for keyword in call.keywords}
        for key in constants(call.args[0]):
            if knows(key):
                lost += [(path.name, key, name) for name in placeholders(texts()[key]["zh"]) - given]
    assert lost == []


# --- families that data decide ----------------------------------------------------------------------------------------


def columns() -> set[str]:
    return {
        column.key
        for value in vars(tables).values()
        if isinstance(value, tuple) and value and isinstance(value[0], Column)
        for column in value
    }


def choices(key: str) -> set[str]:
    return {
        choice
        for value in vars(tables).values()
        if isinstance(value, tuple) and value and isinstance(value[0], Column)
        for column in value
        if column.key == key
        for choice in column.choices
    }


def reasons_of(function: str) -> set[str]:
    """The strings that a function of the sources may return."""
    found: set[str] = set()
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == function:
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Return):
                        found |= set(constants(inner.value))
    return found


def dictionary_keys_of(function: str) -> set[str]:
    """The keys of the dictionaries that a function of the sources writes out."""
    return {
        key.value
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == function
        for inner in ast.walk(node)
        if isinstance(inner, ast.Dict)
        for key in inner.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }


def stages() -> set[str]:
    return {
        key
        for _, call, name in calls()
        if name in ("progress", "report") and len(call.args) == 3
        for key in constants(call.args[0])
    }


ALL: Final = (*all_standards(), *elsewhere_standards())
FAMILIES: Final = {
    "field": columns(),
    "verdict": literals(Verdict),
    "level": literals(settings.Level) | {"residential_area"},
    "tier": literals(settings.Tier),
    "basis": literals(settings.LandBasis)
    | {"elderly", "streets", "communities"}
    | {
        MEASURES[kind].whole or MEASURES[kind].part
        for kind in LEDGER_KINDS | UNIT_KINDS | {"estate_provision", "estate_in_step", "estate_undivided"}
    },
    "direction": literals(settings.Direction),
    "walker": literals(settings.Walker),
    "force": literals(standards.Force),
    "clause_kind": literals(standards.ClauseKind),
    "treatment": literals(standards.Treatment),
    "unclaused_reason": literals(standards.Reason),
    "funding_line": literals(standards.Funding.model_fields["line"].annotation),
    "payer": literals(standards.Funding.model_fields["payer"].annotation),
    "award_per": literals(standards.Award.model_fields["per"].annotation),
    "standard_key": set(standards.Standard.model_fields),
    "clause_key": set(standards.Clause.model_fields),
    "remedy": literals(standards.Remedy),
    "plan_status": literals(PlanStatus),
    "status": choices("status"),
    "tenure": choices("tenure"),
    "clause_unit": {each.unit for one in ALL for each in one.clauses if each.unit}
    | {"m2", "share", "beds", "beds per 1000 elderly"},
    "scenario_choice.operator_kind": choices("operator_kind"),
    "scenario_choice.owner_kind": choices("owner_kind"),
    "scenario_choice.med_link": choices("med_link"),
    "method": {"within", "reach", "walking"},
    "reason": set(REASON_CODES) | reasons_of("_land_reason") | reasons_of("_circle_reason"),
    "warning": dictionary_keys_of("warnings_of") | {"pass_share"},
    "progress": stages(),
}


@pytest.mark.parametrize("group", sorted(FAMILIES))
def test_every_member_of_a_family_has_a_text(group: str) -> None:
    assert len(FAMILIES[group]) > 2
    assert {member for member in FAMILIES[group] if not knows(f"{group}.{member}")} == set()


@pytest.mark.parametrize(
    "group",
    [
        "verdict",
        "level",
        "tier",
        "basis",
        "direction",
        "walker",
        "force",
        "clause_kind",
        "treatment",
        "unclaused_reason",
        "funding_line",
        "payer",
        "award_per",
        "standard_key",
        "clause_key",
    ],
)
def test_no_member_of_a_family_is_left_over(group: str) -> None:
    assert {key.partition(".")[2] for key in texts() if key.startswith(f"{group}.")} == FAMILIES[group]


def test_the_words_of_every_clause_have_a_text() -> None:
    clauses = [clause for each in (*all_standards(), *elsewhere_standards()) for clause in each.clauses]
    assert {clause.unit for clause in clauses if clause.unit and not knows(f"clause_unit.{clause.unit}")} == set()
    assert {clause.of for clause in clauses if clause.of and not knows(f"clause_of.{clause.of}")} == set()


def noted() -> Iterator[tuple[str, str, set[str] | None]]:
    """Every note: file, code, and the values given where they are written out."""
    for path, call, name in calls():
        if name == "Note" and call.args:
            values = call.args[1] if len(call.args) > 1 else ast.Dict(keys=[], values=[])
            given = None
            if isinstance(values, ast.Dict) and None not in values.keys:
                given = {key.value for key in values.keys if isinstance(key, ast.Constant)}
            yield from ((path.name, code, given) for code in constants(call.args[0]))
        elif name == "note" and call.args:
            keywords = {keyword.arg for keyword in call.keywords}
            given = None if None in keywords else {str(key) for key in keywords} | {"layer"}
            yield from ((path.name, code, given) for code in constants(call.args[0]))


def test_every_note_has_a_text_and_fills_it() -> None:
    found = list(noted())
    assert len({code for _, code, _ in found}) > 12
    assert {code for _, code, _ in found if not knows(f"note.{code}")} == set()
    for file, code, given in found:
        if given is not None:
            assert placeholders(texts()[f"note.{code}"]["zh"]) <= given, (file, code)


def test_every_note_of_the_catalogue_is_noted_somewhere() -> None:
    assert {key for key in texts() if key.startswith("note.")} <= {f"note.{code}" for _, code, _ in noted()}


def fault_codes() -> set[str]:
    found: set[str] = set()
    for _, call, name in calls():
        if name in ("add", "fault") and call.args and isinstance(call.func, ast.Attribute):
            owner = call.func.value
            if name == "fault" or (isinstance(owner, ast.Name | ast.Attribute) and "faults" in ast.unparse(owner)):
                found |= set(constants(call.args[0]))
        if name == "Fault":
            found |= {code for keyword in call.keywords if keyword.arg == "code" for code in constants(keyword.value)}
    return found


def test_every_fault_says_what_and_what_to_do() -> None:
    assert len(fault_codes()) > 30
    lost = {f"fault.{code}.{part}" for code in fault_codes() for part in ("what", "advice")} - set(texts())
    assert lost == set()


def test_faults_use_only_what_they_are_given() -> None:
    for key, pair in texts().items():
        if re.fullmatch(r"fault\.\w+\.(what|advice)", key):
            assert placeholders(pair["zh"]) <= {"found", "expected", "key"}, key


# --- both languages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", sorted(texts()))
def test_both_languages_have_the_same_placeholders(key: str) -> None:
    pair = texts()[key]
    assert set(pair) == set(LANGS)
    assert pair["zh"].strip()
    # Persons need no unit in English.
    assert pair["en"].strip() or key == "map.unit.persons"
    assert placeholders(pair["zh"]) == placeholders(pair["en"])


def test_plurals_hang_on_a_value_that_the_text_shows_and_only_in_english() -> None:
    for key, pair in texts().items():
        assert plurals(pair["zh"]) == set(), key
        # A unit stands behind a number that another text shows.
        assert plurals(pair["en"]) <= placeholders(pair["en"]) or key.startswith("clause_unit."), key


@pytest.mark.parametrize(
    ("count", "told"), [(1, "1 place"), ("1", "1 place"), (0, "0 places"), ("1,001", "1,001 places"), (11, "11 places")]
)
def test_a_word_suits_its_number(count: object, told: str) -> None:
    values = dict.fromkeys(("met", "gap", "no_data", "not_applicable", "binding"), "")
    assert f": {told}, " in say("audit.many", "en", level="x", places=count, **values)


def worded(text: str) -> bool:
    """Tell whether an English text holds words of its own."""
    bare = NAMES.sub("", re.sub(r"\{[^}]*\}|`[^`]*`|“[^”]*”", "", text))
    return re.search(r"[A-Za-z]{3,}", bare) is not None


def test_chinese_texts_are_chinese_where_english_ones_have_words() -> None:
    lost = {
        key
        for key, pair in texts().items()
        if worded(pair["en"]) and not re.search(r"[\u4e00-\u9fff]", pair["zh"]) and key not in SAME_IN_BOTH
    }
    assert lost == set()


# Texts that explain keys and options, which are words of the program, and a command's name.
EXPLAINING: Final = re.compile(
    r"(scenario_(key|column|section|template)|fault|standard_key|clause_key|survey|forms|standard_template)\..*"
    r"|cli\.help\..*|field\.remedy_candidates"
)


def test_no_chinese_text_shows_a_code() -> None:
    found = {key: codes for key, pair in texts().items() if (codes := codes_in(pair["zh"]))}
    assert {key: codes for key, codes in found.items() if not EXPLAINING.fullmatch(key)} == {}


def test_a_scenario_is_no_plan_in_chinese() -> None:
    """方案 is the plan alone; what a scenario says is 评估设定, its file 评估文件."""
    bare = re.compile("(?<!选址)(?<!备选)(?<!最优)方案")
    for key, pair in texts().items():
        if "scenario" in pair["en"]:
            assert not bare.search(pair["zh"]), key


def test_a_gap_is_a_quantity_and_no_verdict_in_chinese() -> None:
    assert {key for key, pair in texts().items() if "有缺口" in pair["zh"]} == set()


def test_a_text_is_said_in_the_language_asked_with_its_values() -> None:
    assert say("verdict.met", "zh") == "达标"
    assert say("verdict.met", "en") == "met"
    assert say("warning.pass_share", "en", share="90%").startswith("The pass share 90% ")
    with pytest.raises(KeyError):
        say("verdict.unheard_of", "en")


@pytest.mark.parametrize(("wanted", "lang"), [("en", "en"), ("en_GB.UTF-8", "en"), ("zh_CN", "zh"), ("fr", "zh")])
def test_the_language_follows_the_environment(monkeypatch: pytest.MonkeyPatch, wanted: str, lang: str) -> None:
    monkeypatch.setenv("SITING_LANG", wanted)
    assert default_lang() == lang
