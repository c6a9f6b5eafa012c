"""``python -m tools.wheelhouse FOLDER``: gather siting and all that it needs for computers without internet.

There, ``pip install --no-index --find-links FOLDER siting`` installs it. ``--platform`` (windows, linux) and
``--python`` (3.11 to 3.13) say for which computers, each as often as wanted; without them, for this one. Packages come
from whatever index pip is set to.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from email.parser import Parser
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT: Final = Path(__file__).resolve().parents[1]
# Tags of wheels by system, the most general last; pip takes those that one of them names.
PLATFORMS: Final = {
    "windows": ("win_amd64",),
    "linux": (*(f"manylinux_2_{minor}_x86_64" for minor in range(28, 16, -1)), "manylinux2014_x86_64"),
}
# What the markers of requirements ask of each system.
_SYSTEMS: Final[Mapping[str, Mapping[str, str]]] = {
    "windows": {
        "os_name": "nt",
        "sys_platform": "win32",
        "platform_system": "Windows",
        "platform_machine": "AMD64",
    },
    "linux": {
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
    },
}
PYTHONS: Final = ("3.11", "3.12", "3.13")
SUMS: Final = "SHA256SUMS"


def gather(folder: Path, targets: Sequence[tuple[str, str]], extras: Sequence[str] = ()) -> list[Path]:
    """Gather the wheels of siting and of all packages that it needs.

    Parameters
    ----------
    folder : pathlib.Path
        Where they go; it is made if it is missing.
    targets : sequence of tuple of str
        System and version of Python of each kind of computer; empty for this one.
    extras : sequence of str
        Extras of siting, as ``postgis``.

    Returns
    -------
    list of pathlib.Path
        The wheels.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("siting-*.whl"):
        old.unlink()
    _pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    own = next(folder.glob("siting-*.whl"))
    wanted = f"{own}[{','.join(extras)}]" if extras else str(own)
    into = ("download", "--only-binary=:all:", "--dest", str(folder))
    for each in targets:
        _pip(*into, *_target(*each), wanted)
        # pip reads the markers of requirements as of the computer that it runs on: what others need besides is fetched.
        while missing := lacking(folder, *each, extras=extras):
            _pip(*into, *_target(*each), *missing)
    if not targets:
        _pip(*into, wanted)
    wheels = sorted(folder.glob("*.whl"))
    lines = (f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {each.name}\n" for each in wheels)
    (folder / SUMS).write_text("".join(lines), encoding="utf-8", newline="\n")
    return wheels


def lacking(folder: Path, platform: str, python: str, *, extras: Sequence[str] = ()) -> list[str]:
    """Return what a folder of wheels lacks for a kind of computer.

    Parameters
    ----------
    folder : pathlib.Path
        Wheels.
    platform : {"windows", "linux"}
        The system.
    python : str
        The version of Python, as ``3.12``.
    extras : sequence of str
        Extras of siting.

    Returns
    -------
    list of str
        Requirements that no wheel satisfies.
    """
    tags = frozenset(_tags(platform, python))
    there = [each for each in folder.glob("*.whl") if parse_wheel_filename(each.name)[3] & tags]
    wanted, seen, missing = [Requirement(f"siting[{','.join(extras)}]" if extras else "siting")], set(), []
    while wanted:
        asked = wanted.pop()
        mark = (canonicalize_name(asked.name), frozenset(asked.extras), str(asked.specifier))
        if mark in seen:
            continue
        seen.add(mark)
        found = next((each for each in there if _satisfies(each, asked)), None)
        if found is None:
            missing.append(f"{asked.name}{asked.specifier}")
        else:
            wanted += _needs(found, asked.extras, {**_SYSTEMS[platform], **_versions(python)})
    return sorted(missing)


def _satisfies(wheel: Path, asked: Requirement) -> bool:
    name, version, _, _ = parse_wheel_filename(wheel.name)
    return name == canonicalize_name(asked.name) and asked.specifier.contains(version, prereleases=True)


def _needs(wheel: Path, extras: set[str], computer: Mapping[str, str]) -> Iterator[Requirement]:
    with zipfile.ZipFile(wheel) as packed:
        name = next(each for each in packed.namelist() if each.endswith(".dist-info/METADATA"))
        lines = Parser().parsestr(packed.read(name).decode("utf-8"), headersonly=True).get_all("Requires-Dist") or []
    for each in map(Requirement, lines):
        if each.marker is None or any(each.marker.evaluate({**computer, "extra": extra}) for extra in ("", *extras)):
            yield each


def _versions(python: str) -> Mapping[str, str]:
    return {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "implementation_version": f"{python}.0",
        "platform_python_implementation": "CPython",
    }


def _tags(platform: str, python: str) -> Iterator[Tag]:
    version = [int(part) for part in python.split(".")]
    platforms = PLATFORMS[platform]
    yield from cpython_tags(version, platforms=platforms)
    yield from compatible_tags(version, interpreter=f"cp{''.join(python.split('.'))}", platforms=platforms)


def install(folder: Path, environment: Path, *, extras: Sequence[str] = ()) -> Path:
    """Install siting from a folder of wheels into a new environment, without any index, and return its Python.

    Parameters
    ----------
    folder : pathlib.Path
        What :func:`gather` has gathered for this computer.
    environment : pathlib.Path
        Where the environment is made.
    extras : sequence of str
        Extras of siting, as ``postgis``.
    """
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    name = f"siting[{','.join(extras)}]" if extras else "siting"
    # --isolated: no setting of the user or the computer that names an index is heeded.
    command = ["-m", "pip", "--isolated", "install", "--quiet", "--no-index", "--find-links", str(folder), name]
    subprocess.run([str(python), *command], check=True)
    return python


def _target(platform: str, python: str) -> list[str]:
    tags = [argument for tag in PLATFORMS[platform] for argument in ("--platform", tag)]
    return [*tags, "--python-version", python, "--implementation", "cp"]


def _pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], check=True)


def main() -> int:
    """Gather the wheels; with ``--try``, install them here without an index and run the sample district."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--platform", choices=PLATFORMS, action="append", default=[])
    parser.add_argument("--python", choices=PYTHONS, action="append", default=[])
    parser.add_argument("--extra", action="append", default=[], help="an extra of siting, as postgis")
    parser.add_argument("--try", dest="tried", action="store_true", help="install from the folder, and run the sample")
    asked = parser.parse_args()
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    targets = [(platform, python) for platform in asked.platform for python in asked.python or [here]]
    wheels = gather(asked.folder, targets, asked.extra)
    print(f"{asked.folder}: {len(wheels)} wheels, {sum(each.stat().st_size for each in wheels) / 2**20:.0f} MiB")
    if asked.tried:
        with tempfile.TemporaryDirectory() as name:
            python = install(asked.folder, Path(name) / "environment", extras=asked.extra)
            subprocess.run([str(python), "-m", "siting", "demo", "-o", "demo"], cwd=name, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
