"""A folder of wheels installs siting without internet, and what it lacks for another system is told."""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools.wheelhouse import SUMS, gather, install, lacking


def wheel(folder: Path, name: str, *needs: str, tag: str = "py3-none-any", extras: tuple[str, ...] = ()) -> None:
    """Make a wheel that holds nothing but what it needs."""
    base, version = name.rsplit("-", 1)
    lines = [f"Name: {base}", f"Version: {version}", *(f"Requires-Dist: {need}" for need in needs)]
    lines += [f"Provides-Extra: {extra}" for extra in extras]
    with zipfile.ZipFile(folder / f"{name}-{tag}.whl", "w") as packed:
        packed.writestr(f"{name}.dist-info/METADATA", "Metadata-Version: 2.1\n" + "\n".join(lines) + "\n\n")


def test_what_only_windows_needs_is_missed_there_alone(tmp_path: Path) -> None:
    wheel(tmp_path, "siting-1.0", "click>=8")
    wheel(tmp_path, "click-8.1", "colorama; sys_platform == 'win32'")
    assert lacking(tmp_path, "linux", "3.12") == []
    assert lacking(tmp_path, "windows", "3.12") == ["colorama"]
    wheel(tmp_path, "colorama-0.4")
    assert lacking(tmp_path, "windows", "3.12") == []


def test_wheels_of_another_system_python_or_version_do_not_count(tmp_path: Path) -> None:
    wheel(tmp_path, "siting-1.0", "numpy>=2.0,<3")
    wheel(tmp_path, "numpy-2.1", tag="cp312-cp312-win_amd64")
    wheel(tmp_path, "numpy-1.9", tag="cp312-cp312-manylinux_2_17_x86_64")
    assert lacking(tmp_path, "windows", "3.12") == []
    assert lacking(tmp_path, "windows", "3.11") == ["numpy<3,>=2.0"]
    assert lacking(tmp_path, "linux", "3.12") == ["numpy<3,>=2.0"]


def test_extras_and_the_version_of_python_are_heeded(tmp_path: Path) -> None:
    wheel(tmp_path, "siting-1.0", "psycopg[binary]; extra == 'postgis'", extras=("postgis",))
    wheel(
        tmp_path,
        "psycopg-3.2",
        "tomli; python_version < '3.12'",
        "psycopg-binary; extra == 'binary'",
        extras=("binary",),
    )
    assert lacking(tmp_path, "linux", "3.12") == []
    assert lacking(tmp_path, "linux", "3.12", extras=["postgis"]) == ["psycopg-binary"]
    assert lacking(tmp_path, "linux", "3.11", extras=["postgis"]) == ["psycopg-binary", "tomli"]


def gathered(folder: Path, system: str, python: str) -> list[Path]:
    """Gather the wheels for a kind of computer: all that it needs, with their sums."""
    wheels = gather(folder, [(system, python)])
    assert lacking(folder, system, python) == []
    sums = dict(reversed(line.split()) for line in (folder / SUMS).read_text(encoding="utf-8").splitlines())
    assert sums == {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in wheels}
    return wheels


def test_it_installs_without_an_index_and_runs(tmp_path: Path) -> None:
    """A minute, and packages of 300 MiB: where SITING_REQUIRE names it."""
    if "wheelhouse" not in os.environ.get("SITING_REQUIRE", "").split():
        pytest.skip("a folder of all packages is made where SITING_REQUIRE says so")
    folder = tmp_path / "wheels"
    gathered(folder, "linux", f"{sys.version_info.major}.{sys.version_info.minor}")
    python = install(folder, tmp_path / "environment")
    plain = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run([str(python), "-m", "siting", "demo", "-o", "demo", "--quiet"], cwd=tmp_path, env=plain, check=True)
    assert (tmp_path / "demo" / "plan.geojson").stat().st_size > 0


def test_the_wheels_for_windows_are_complete(tmp_path: Path) -> None:
    """They are read, not installed: where SITING_REQUIRE names windows."""
    if "windows" not in os.environ.get("SITING_REQUIRE", "").split():
        pytest.skip("a folder of all packages for another system is made where SITING_REQUIRE says so")
    wheels = gathered(tmp_path, "windows", "3.12")
    assert any("win_amd64" in each.name for each in wheels)
    assert not any("manylinux" in each.name for each in wheels)
