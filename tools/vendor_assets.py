"""Take the assets of the web map from their npm packages and write them, with checksums and licences, into the tree.

Needs ``npm`` and its registry; nothing else in the project does. Run it to change a version:
``python tools/vendor_assets.py``.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ASSETS = Path(__file__).resolve().parents[1] / "siting" / "write" / "webmap" / "assets"


@dataclass(frozen=True)
class Package:
    """An npm package: which files to take, and what they are called here."""

    name: str
    version: str
    files: dict[str, str]


PACKAGES = (
    Package(
        "leaflet",
        "1.9.4",
        {
            "LICENSE": "LICENSE",
            "dist/leaflet.js": "leaflet.js",
            "dist/leaflet.css": "leaflet.css",
            "dist/images/layers.png": "images/layers.png",
            "dist/images/layers-2x.png": "images/layers-2x.png",
            "dist/images/marker-icon.png": "images/marker-icon.png",
        },
    ),
    # 1.14 of HiGHS finds wrong optima: see siting/locate/highs.py.
    Package(
        "highs",
        "1.15.3",
        {
            "LICENSE": "LICENSE",
            "build/highs.js": "highs.js",
            "build/highs.wasm": "highs.wasm",
        },
    ),
)


def main() -> int:
    """Write every asset and the manifest."""
    npm = shutil.which("npm")
    if npm is None:
        print("npm is needed and was not found", file=sys.stderr)
        return 2
    entries: list[str] = []
    for package in PACKAGES:
        with tempfile.TemporaryDirectory() as folder:
            archive = _pack(npm, package, Path(folder))
            entries.extend(_take(package, archive))
    head = "# Written by tools/vendor_assets.py: where each asset comes from, and what it must hold.\n"
    (ASSETS / "MANIFEST.toml").write_text(head + "".join(entries), encoding="utf-8")
    print(f"{len(entries)} files in {ASSETS}")
    return 0


def _pack(npm: str, package: Package, folder: Path) -> Path:
    command = [
        npm,
        "pack",
        "--silent",
        "--ignore-scripts",
        "--pack-destination",
        str(folder),
        f"{package.name}@{package.version}",
    ]
    subprocess.run(command, check=True)
    return next(folder.glob("*.tgz"))


def _take(package: Package, archive: Path) -> Iterator[str]:
    with tarfile.open(archive) as packed:
        licence = json.loads(_member(packed, "package.json"))["license"]
        for source, name in sorted(package.files.items(), key=lambda pair: pair[1]):
            content = _member(packed, source)
            target = ASSETS / package.name / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            yield (
                "\n[[asset]]\n"
                f'file = "{package.name}/{name}"\n'
                f'package = "{package.name}"\n'
                f'version = "{package.version}"\n'
                f'source = "{source}"\n'
                f'licence = "{licence}"\n'
                f'sha256 = "{hashlib.sha256(content).hexdigest()}"\n'
            )


def _member(packed: tarfile.TarFile, name: str) -> bytes:
    stream = packed.extractfile(f"package/{name}")
    if stream is None:
        message = f"{name} is not a file in the package"
        raise ValueError(message)
    return stream.read()


if __name__ == "__main__":
    sys.exit(main())
