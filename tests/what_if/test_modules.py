"""The page's modules one by one, against other programs that do the same."""

import csv
import io
import json
import math
import random
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siting.text.numbers import between, number, percent, persons
from siting.write.webmap.packing import bytes_of, packed, text_of, unpacked
from tests.what_if.nodes import run_node
from tools.build_page_script import MODULES, SCRIPT, built

UNITS = Path(__file__).with_name("units.mjs")


def call(module: str, function: str, given: list[list[Any]]) -> list[Any]:
    """Call a function of a module once for each list of arguments."""
    found: list[Any] = run_node(UNITS, module, function, given=given)
    return found


def told(value: float) -> Any:
    """Return a number for JSON, which knows neither NaN nor infinity."""
    return {"nan": 1} if math.isnan(value) else {"inf": 1} if value == float("inf") else value


FIGURES = (
    [0.0, 0.5, 1.5, 2.5, -0.2, -0.5, 0.125, 0.375, 2.675, 1.005, 1234.5, 1235.5, 99999.5, 0.3, 1e-9, 1e15, 66000.0]
    + [float("nan"), float("inf")]
    + [random.Random(1).uniform(0, 1e6) for _ in range(200)]
    + [each / 8 for each in range(100)]
)


@pytest.mark.parametrize("digits", [0, 1, 2, 3])
def test_numbers_are_written_as_everywhere(digits: int) -> None:
    ours = call("numbers", "number", [[told(each), digits] for each in FIGURES])
    assert ours == [number(each, digits) for each in FIGURES]


def test_shares_persons_and_intervals_are_written_as_everywhere() -> None:
    shares = [each / 4096 for each in range(0, 4200, 7)] + [0.5836060606060606, 0.7891666666666667, float("nan")]
    assert call("numbers", "percent", [[told(each)] for each in shares]) == [percent(each) for each in shares]
    assert call("numbers", "persons", [[told(each)] for each in FIGURES]) == [persons(each) for each in FIGURES]


def test_packed_arrays_are_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    arrays = {
        "small": rng.integers(0, 200, 1000),
        "signed": rng.integers(-90_000, 90_000, 1000),
        "large": rng.integers(0, 2**31, 10),
        "floats": rng.normal(size=500),
        "none": np.zeros(0),
        "flags": np.array([True, False]),
    }
    held = packed(arrays)
    script = tmp_path / "read.mjs"
    script.write_text(
        "import fs from 'node:fs';\n"
        "const { arraysOf, bytesOf, inflated } = await import(`${process.argv[2]}/packing.mjs`);\n"
        "const { arrays, bytes } = JSON.parse(fs.readFileSync(0, 'utf8'));\n"
        "const content = bytesOf(bytes);\n"
        "const found = [];\n"
        "for (const able of [true, false]) {\n"
        "  if (!able) delete globalThis.DecompressionStream;\n"
        "  const held = arraysOf(arrays, await inflated(content));\n"
        "  found.push(Object.fromEntries(Object.entries(held).map(([key, each]) => [key, Array.from(each)])));\n"
        "}\n"
        "process.stdout.write(JSON.stringify(found));\n",
        encoding="utf-8",
    )
    for found in run_node(script, given=held):
        for key, values in arrays.items():
            assert found[key] == values.astype(np.float64).tolist(), key
            assert np.array_equal(unpacked(held)[key], values)


def test_compressed_data_are_read_without_the_browsers_help() -> None:
    """Stored, fixed and own codes; long runs; data that no code shortens."""
    rng = random.Random(5)
    texts = [
        b"",
        b"a",
        b"abc" * 5000,
        bytes(70_000),
        rng.randbytes(70_000),
        "养老服务设施".encode() * 999,
        (b"x" + rng.randbytes(3)) * 9,
    ]
    for text in texts:
        for level in (0, 1, 6, 9):
            (found,) = call("inflate", "inflate", [[{"bytes": [*zlib.compress(text, level)]}]])
            assert bytes(found) == text
    fixed = zlib.compressobj(9, zlib.DEFLATED, 15, 9, zlib.Z_FIXED)
    made = fixed.compress(b"fixed codes, fixed codes") + fixed.flush()
    assert bytes(call("inflate", "inflate", [[{"bytes": [*made]}]])[0]) == b"fixed codes, fixed codes"
    assert bytes_of(packed({"a": np.zeros(0)})["bytes"]) == zlib.compress(b"", 9)


def test_bytes_are_told_in_characters_that_neither_json_nor_html_reads_as_its_own() -> None:
    rng = random.Random(91)
    contents = [rng.randbytes(size) for size in [*range(60), 4096, 70_001]]
    texts = [text_of(each) for each in contents]
    assert [bytes_of(each) for each in texts] == contents
    assert [bytes(each) for each in call("packing", "bytesOf", [[each] for each in texts])] == contents
    assert set("".join(texts)) == {chr(each) for each in range(32, 127)} - set('"&<>')
    assert len(json.dumps(texts[-1])) < 1.25 * 70_001


def test_a_table_for_spreadsheets_holds_texts_as_texts() -> None:
    rows = [["=1+1", 'say "hi"', "a,b", -3.5, None], ["${title}", "</script>", "line\nbreak", 0, "@x"]]
    (text,) = call("plan", "csvOf", [[rows]])
    read = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert read == [
        ["'=1+1", 'say "hi"', "a,b", "-3.5", ""],
        ["${title}", "</script>", "line\nbreak", "0", "'@x"],
    ]


def test_the_pages_script_is_built_from_its_modules() -> None:
    assert SCRIPT.read_text(encoding="utf-8") == built(), "run: python -m tools.build_page_script"
    imported = {path.stem for path in MODULES.glob("*.mjs")}
    assert {name for name in imported if f"const module_{name} =" not in built()} == set()


def test_intervals_are_written_as_everywhere() -> None:
    inf = float("inf")
    pairs = [(2, 2), (0, 3), (2, 3), (0, inf), (5.2, 5.4), (float("nan"), 2), (7, inf)]
    script = [[told(low), told(high)] for low, high in pairs]
    ours = call("figures", "betweenNumbers", script)
    assert ours == [between(low, high, number) for low, high in pairs]
    assert json.dumps(ours)
