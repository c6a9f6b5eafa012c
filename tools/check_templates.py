"""``python -m tools.check_templates``: no text that may come from data reaches a template engine.

folium and branca render whatever text they are given as a Jinja2 template. Their arguments must be literals, or pass
through a function that lets nothing through which a template engine reads.
"""

import ast
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1] / "siting"
ENGINES: Final = frozenset({"branca", "folium", "jinja2"})
GUARDS: Final = frozenset({"as_name", "as_numbers", "as_bytes", "bool", "float", "int"})


def main() -> int:
    """Print each call that breaks the rule; return 1 if there is one."""
    found = [line for path in sorted(ROOT.rglob("*.py")) for line in check(path.read_text(encoding="utf-8"), str(path))]
    print("\n".join(found) or "no text of the data reaches a template engine")
    return bool(found)


def check(source: str, name: str) -> Iterator[str]:
    """Yield ``file:line: argument`` for each argument of folium or branca that is neither literal nor guarded."""
    tree = ast.parse(source)
    engines = set(_imported(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _root(node.func) in engines:
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            yield from (f"{name}:{one.lineno}: {ast.unparse(one)}" for one in given if not _harmless(one, engines))


def _imported(tree: ast.Module) -> Iterator[str]:
    """Yield the names under which template engines, or parts of them, are known in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] in ENGINES:
                    yield alias.asname or alias.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in ENGINES:
            yield from (alias.asname or alias.name for alias in node.names)


def _root(function: ast.expr) -> str:
    while isinstance(function, ast.Attribute):
        function = function.value
    return function.id if isinstance(function, ast.Name) else ""


def _harmless(argument: ast.expr, engines: Collection[str]) -> bool:
    if isinstance(argument, ast.Name) and argument.id in engines:
        # A class of the engine itself.
        return True
    if isinstance(argument, ast.Call):
        return isinstance(argument.func, ast.Name) and argument.func.id in GUARDS
    try:
        ast.literal_eval(argument)
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
