"""The volume of a report: a Word document from a template, which a bureau may replace by its own.

Only the template is a program of the template engine, and it runs in a sandbox. Data reach the document as escaped runs
of text, which no engine reads.
"""

import os
import pickle
import re
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from docx.opc.exceptions import PackageNotFoundError
from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from lxml.etree import LxmlError

from siting.errors import Fault, InputError
from siting.text import Lang, say
from siting.text.numbers import UNKNOWN
from siting.write.report.passages import FIRST_ID, Bookmarks, Passage, unmarked
from siting.write.report.pictures import Picture

if sys.platform == "win32":
    resource = None
else:
    import resource

# Seconds and bytes that a template of one's own may take; ours takes a few seconds.
SECONDS: Final = 120.0
_MEMORY: Final = 4 * 1024**3
_DAY: Final = (1980, 1, 1, 0, 0, 0)
# Widths of the pictures, mm.
_WIDE: Final = 155
_WIDTHS: Final[Mapping[str, int]] = {
    "lorenz": 95,
    "curve": 120,
    "best": 120,
    "phases": 120,
    "sensitivity": 140,
} | dict.fromkeys(
    # Two maps stand on a page.
    ("present", "tiers", "circles", "circles_after"),
    132,
)
# The bookmarks of figures, as passages write them.
_START: Final = re.compile(r'<w:bookmarkStart w:id="1\d{6}" w:name="(n\d{6})"/>')
_END: Final = re.compile(r'<w:bookmarkEnd w:id="1\d{6}"/>')
_PART: Final = "word/document.xml"
# What the engine calls the file of a template, and the marks in its text.
_OF_TEMPLATE: Final = frozenset({"<template>", "<unknown>"})
_MARKS: Final = re.compile(r"\{[{%].*?[%}]\}")
# A document beyond these limits is no template: packed, it could take all memory.
_LONGEST_PROPERTY: Final = 255
_LARGEST: Final = 64 * 1024 * 1024


def volume_bytes(
    chapters: Mapping[str, Any],
    pictures: Sequence[Picture],
    *,
    title: str,
    subject: str,
    lang: Lang,
    template: Path | None = None,
) -> tuple[bytes, dict[str, str]]:
    """Return the volume, and where each of its numbers comes from.

    Parameters
    ----------
    chapters : mapping
        See :func:`siting.write.report.chapters.chapters`.
    pictures : sequence of Picture
        The figures.
    title, subject : str
        What the cover says.
    lang : {"zh", "en"}
        Language.
    template : pathlib.Path, optional
        A template (``.docx``); ours if absent.

    Returns
    -------
    tuple of bytes and dict
        The file, the same for the same input; and by bookmark the pointer to its number.

    Raises
    ------
    InputError
        The template cannot be read, or what it asks for is not there.
    """
    asked = _Asked(chapters, pictures, title, subject, lang, template)
    return _made(asked) if template is None else _guarded(asked)


@dataclass(frozen=True)
class _Asked:
    """What a volume is made of."""

    chapters: Mapping[str, Any]
    pictures: Sequence[Picture]
    title: str
    subject: str
    lang: Lang
    template: Path | None


@dataclass(frozen=True)
class Refused:
    """Why a volume could not be made."""

    faults: tuple[Fault, ...]


def _guarded(asked: _Asked) -> tuple[bytes, dict[str, str]]:
    """Make a volume in a process of its own: a template is a program, which may loop without end or take all memory."""
    given, paths = pickle.dumps(asked), {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
    order = [sys.executable, "-c", f"from {__name__} import work; work()"]
    try:
        done = subprocess.run(  # noqa: S603 - this program itself
            order,
            input=given,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env={**os.environ, **paths},
        )
    except subprocess.TimeoutExpired as error:
        fault = Fault(code="template_endless", file=str(asked.template), expected=f"{SECONDS:g}")
        raise InputError([fault]) from error
    if done.returncode:
        raise InputError([Fault(code="template_wrong", file=str(asked.template), found=UNKNOWN)])
    made = pickle.loads(done.stdout)  # noqa: S301 - written by work()
    if isinstance(made, Refused):
        raise InputError(made.faults)
    found: tuple[bytes, dict[str, str]] = made
    return found


def work() -> None:
    """Make the volume that standard input asks for, and write it to standard output; memory is limited."""
    asked = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - written by the process that started this one
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    try:
        made: object = _made(asked)
    except InputError as error:
        made = Refused(tuple(error.faults))
    sys.stdout.buffer.write(pickle.dumps(made))


def _made(asked: _Asked) -> tuple[bytes, dict[str, str]]:
    chapters, pictures, lang, template = asked.chapters, asked.pictures, asked.lang, asked.template
    title, subject = asked.title, asked.subject
    marks = Bookmarks()
    document = DocxTemplate(BytesIO(_content(template, lang)))
    context = {name: _ready(chapter, marks) for name, chapter in chapters.items()}
    lines = [marks.runs(unmarked(line)) for line in title.split("\n")]
    context |= {"title": lines, "subject": marks.runs(unmarked(subject))}
    context["contents"] = [chapter["title"] for chapter in context.values() if isinstance(chapter, dict)]
    context["figures"] = [_figure(document, number, picture, marks, lang) for number, picture in enumerate(pictures, 1)]
    engine = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    try:
        document.render(context, engine)
    except Exception as error:
        # A template is a program: it can raise anything. Ours must not.
        if template is None:
            raise
        raise InputError([_wrong(template, document, error)]) from error
    properties = document.docx.core_properties
    # Word holds no longer ones.
    properties.title = title.replace("\n", " ")[:_LONGEST_PROPERTY]
    properties.author = properties.last_modified_by = "siting"
    page = BytesIO()
    document.save(page)
    return _fixed(page.getvalue(), marks.paths)


def check_template(path: Path) -> None:
    """Refuse a template that is no Word document, before any work.

    Raises
    ------
    InputError
        With the cause.
    """
    _content(path, "zh")


def _content(template: Path | None, lang: Lang) -> bytes:
    if template is None:
        return (resources.files(__package__ or "") / "templates" / f"volume.{lang}.docx").read_bytes()
    try:
        content = template.read_bytes()
        with ZipFile(BytesIO(content)) as parts:
            size = sum(part.file_size for part in parts.infolist())
            if size > _LARGEST:
                raise InputError([Fault(code="template_too_large", file=str(template))])
            parts.getinfo(_PART)
        DocxTemplate(BytesIO(content)).get_docx()
    except OSError as error:
        fault = Fault(code="template_unreadable", file=str(template), found=str(error.strerror or error))
        raise InputError([fault]) from error
    except (BadZipFile, KeyError, PackageNotFoundError, ValueError, LxmlError) as error:
        raise InputError([Fault(code="template_no_document", file=str(template))]) from error
    return content


def _wrong(template: Path, document: DocxTemplate, error: Exception) -> Fault:
    """Return the fault with the marks of the paragraph that failed: the engine's words are for programmers."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename in _OF_TEMPLATE]
    at = getattr(error, "lineno", None) or (lines[-1] if lines else None)
    marks: list[str] = []
    if at is not None:
        # The engine was given the document with a line for each paragraph.
        text = re.sub(r"<w:p([ >])", r"\n<w:p\1", document.patch_xml(document.get_xml()))
        marks = _MARKS.findall("".join(text.splitlines()[at - 1 : at]))
    return Fault(code="template_wrong", file=str(template), found=" ".join(marks) or UNKNOWN)


def _ready(value: Any, marks: Bookmarks) -> Any:  # noqa: ANN401 - a tree of passages
    """Return a tree with its passages as runs."""
    if isinstance(value, Passage):
        return marks.runs(value)
    if isinstance(value, Mapping):
        return {key: _ready(inner, marks) for key, inner in value.items()}
    return [_ready(inner, marks) for inner in value] if isinstance(value, list) else value


def _figure(document: DocxTemplate, number: int, picture: Picture, marks: Bookmarks, lang: Lang) -> dict[str, Any]:
    name = say(f"report.volume.picture.{picture.key}", lang)
    caption = say("report.volume.figure", lang, number=number, name=name)
    image = InlineImage(document, BytesIO(picture.png), width=Mm(_WIDTHS.get(picture.key, _WIDE)))
    return {"image": image, "caption": marks.runs(unmarked(caption))}


def _fixed(content: bytes, paths: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
    """Return a document without the time of writing and with each bookmark once; and the pointers of its bookmarks."""
    kept: dict[str, str] = {}
    fixed = BytesIO()
    with ZipFile(BytesIO(content)) as parts, ZipFile(fixed, "w") as archive:
        for name in parts.namelist():
            part = parts.read(name)
            if name == _PART:
                part = _told_once(part.decode("utf-8"), paths, kept).encode("utf-8")
            info = ZipInfo(name, _DAY)
            info.compress_type = ZIP_DEFLATED
            archive.writestr(info, part)
    return fixed.getvalue(), kept


def _told_once(xml: str, paths: Mapping[str, str], kept: dict[str, str]) -> str:
    """Return a document whose bookmarks are numbered in their order: a template may show a figure twice."""

    def renamed(match: re.Match[str]) -> str:
        name = f"n{len(kept) + 1:06d}"
        kept[name] = paths[match[1]]
        return f'<w:bookmarkStart w:id="{FIRST_ID + len(kept)}" w:name="{name}"/>'

    xml = _START.sub(renamed, xml)
    # The end of each follows its start, before the next one.
    ends = count(FIRST_ID + 1)
    return _END.sub(lambda _: f'<w:bookmarkEnd w:id="{next(ends)}"/>', xml)
