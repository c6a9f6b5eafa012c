"""Join the modules of the page's what-if into the one script that the page holds.

Each module becomes a function that returns what it exports, so that names of different modules never meet. Run it after
a change of ``siting/write/webmap/what_if_page``: ``python -m tools.build_page_script``; a test compares the result.
"""

import re
import sys
from pathlib import Path
from typing import Final

WEBMAP: Final = Path(__file__).resolve().parents[1] / "siting" / "write" / "webmap"
MODULES: Final = WEBMAP / "what_if_page"
SCRIPT: Final = WEBMAP / "static" / "what_if.js"
ENTRY: Final = "main"
_IMPORT: Final = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.mjs";\n', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:async )?(function|class|const) (\w+))", re.MULTILINE)
_OTHERS: Final = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)
_HEAD: Final = "// Made by tools/build_page_script.py from the modules in what_if_page: change those.\n"


def main() -> int:
    """Write the script."""
    SCRIPT.write_text(built(), encoding="utf-8")
    print(SCRIPT)
    return 0


def built() -> str:
    """Return the script: ``sitingWhatIf`` holds what the entry module exports.

    Raises
    ------
    ValueError
        A module imports or exports in a form that this tool does not know, or imports in a circle.
    """
    parts = [_part(name) for name in _order(ENTRY, ())]
    body = "\n".join(parts)
    return f'{_HEAD}"use strict";\nconst sitingWhatIf = (() => {{\n{body}\nreturn module_{ENTRY};\n}})();\n'


def _text(name: str) -> str:
    return (MODULES / f"{name}.mjs").read_text(encoding="utf-8")


def _order(name: str, above: tuple[str, ...]) -> list[str]:
    """Return modules in the order in which they need one another."""
    if name in above:
        message = f"modules import in a circle: {' → '.join((*above, name))}"
        raise ValueError(message)
    needed = [each for _, other in _IMPORT.findall(_text(name)) for each in _order(other, (*above, name))]
    return list(dict.fromkeys([*needed, name]))


def _part(name: str) -> str:
    text = _text(name)
    imports = [f"const {{{names}}} = module_{other};" for names, other in _IMPORT.findall(text)]
    exports = [found for _, found in _EXPORT.findall(text)]
    body = _EXPORT.sub("", _IMPORT.sub("", text))
    if strange := _OTHERS.search(body):
        message = f"{name}.mjs: not understood: {strange.group()}"
        raise ValueError(message)
    return "\n".join(
        [f"const module_{name} = (() => {{", *imports, body.rstrip(), f"return {{ {', '.join(exports)} }};", "})();"]
    )


if __name__ == "__main__":
    sys.exit(main())
