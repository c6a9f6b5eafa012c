"""Check that the docstrings of everything public say all that numpydoc asks for: ``python -m tools.check_docstrings``.

Public is what a module of siting lists in ``__all__``, and the classes of :mod:`siting.results` with their methods.
"""

import inspect
import pkgutil
import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Final

from numpydoc.validate import validate  # type: ignore[import-untyped]
from pydantic import BaseModel

import siting
from siting import results

# Asked of nobody: an example, see-also entries and an extended summary everywhere.
_NOT_ASKED: Final = {"EX01", "SA01", "ES01"}
# ruff's pydocstyle rules look after these.
_LEFT_TO_RUFF: Final = {"GL01", "GL02", "GL03", "GL08", "SS02", "SS03", "SS06"}


def main() -> int:
    """Print every fault; return 1 if there is one."""
    faults = [fault for name in public_names() for fault in faults_of(name)]
    print("\n".join(faults) or "docstrings: all public ones are complete")
    return 1 if faults else 0


def faults_of(name: str) -> Iterator[str]:
    """Yield what numpydoc finds amiss with the docstring of an object, named by its import path."""
    module, _, last = name.rpartition(".")
    thing = getattr(sys.modules.get(module), last, None)
    # The fields of models are the keys of files: docs/scenario.md describes them.
    model = inspect.isclass(thing) and issubclass(thing, BaseModel)
    for code, message in validate(name)["errors"]:
        if code not in _NOT_ASKED | _LEFT_TO_RUFF and not (model and code == "PR01"):
            yield f"{name}: {code} {message}"


def public_names() -> list[str]:
    """Return the import path of every public function, class and method, each once."""
    found: dict[int, str] = {}
    for module in _modules():
        names = module.__all__ if hasattr(module, "__all__") else _classes(module) if module is results else []
        for name in names:
            thing = getattr(module, name)
            if callable(thing):
                found.setdefault(id(thing), f"{module.__name__}.{name}")
    return [path for name in found.values() for path in (name, *_methods(name))]


def _modules() -> Iterator[ModuleType]:
    yield siting
    for info in pkgutil.walk_packages(siting.__path__, "siting."):
        if not info.name.endswith("__main__"):
            yield import_module(info.name)


def _classes(module: ModuleType) -> list[str]:
    return [
        name for name, thing in vars(module).items() if inspect.isclass(thing) and thing.__module__ == module.__name__
    ]


def _methods(path: str) -> Iterator[str]:
    """Yield the methods and properties of a class, without those that pydantic adds to a model."""
    module, _, name = path.rpartition(".")
    thing = getattr(import_module(module), name)
    if inspect.isclass(thing):
        for key, member in vars(thing).items():
            if not key.startswith(("_", "model_")) and (inspect.isfunction(member) or isinstance(member, property)):
                yield f"{path}.{key}"


if __name__ == "__main__":
    sys.exit(main())
