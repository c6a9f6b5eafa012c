"""Files are whole or not there, each refusal names its cause, and what killed runs leave goes away."""

import errno
import os
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siting.errors import InputError
from siting.files import replacing, temporary_folder, written_files
from siting.write.files import refusal, whole_file, write_bytes, write_text


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def refused(path: Path) -> tuple[str, str]:
    """Write a file, which must fail; return code and file of the fault."""
    with pytest.raises(InputError) as failed:
        write_text(path, "new")
    (fault,) = failed.value.faults
    for lang in ("zh", "en"):
        assert str(path) in fault.message(lang)
    return fault.code, fault.found


@given(old=st.none() | st.binary(max_size=50), new=st.binary(max_size=50))
def test_a_file_is_replaced_whole(tmp_path_factory: pytest.TempPathFactory, old: bytes | None, new: bytes) -> None:
    path = tmp_path_factory.mktemp("out") / "new" / "图.json"
    if old is not None:
        write_bytes(path, old)
    with written_files() as whole, whole_file(path) as file:
        file.write(new)
        file.flush()
        assert (path.read_bytes() if path.exists() else None) == old
    assert path.read_bytes() == new
    assert whole == [path]
    assert names(path.parent) == ["图.json"]


CAUSES = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EFBIG: "file_too_large",
    errno.EROFS: "write_refused",
    errno.EIO: "cannot_write",
}


@pytest.mark.parametrize(("number", "code"), CAUSES.items())
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str, step: str
) -> None:
    def fails(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    path = tmp_path / "a.json"
    path.write_text("old", encoding="utf-8")
    monkeypatch.setattr({"fsync": "os.fsync", "replace": "pathlib.Path.replace"}[step], fails)
    with written_files() as whole:
        assert refused(path)[0] == code
    assert path.read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["a.json"]
    assert whole == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_an_exception_leaves_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    write_text(tmp_path / "a.json", "old")

    def ended() -> None:
        with whole_file(tmp_path / "a.json") as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        ended()
    assert (tmp_path / "a.json").read_bytes() == b"old"
    assert names(tmp_path) == ["a.json"]


def test_places_that_cannot_be_written_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert refused(tmp_path / "file" / "sub" / "a.json") == ("folder_is_file", str(tmp_path / "file"))
    assert refused(tmp_path)[0] == "target_is_folder"
    assert refused(tmp_path / f"{'长' * 100}.json")[0] == "name_too_long"
    write_text(tmp_path / f"{'长' * 80}.json", "x")  # as the advice says
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe")[0] == "target_is_no_file"
    # Root may write anywhere, so the system's answer is put in its mouth.
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert refused(tmp_path / "deep" / "b.json") == ("write_refused", str(tmp_path))
    assert refused(tmp_path / "file") == ("write_refused", str(tmp_path / "file"))
    assert (tmp_path / "file").read_text(encoding="utf-8") == "x"


def test_a_link_leads_to_the_file_that_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link.json").symlink_to(tmp_path / "real" / "a.json")
    for text in ("first", "second"):
        write_text(tmp_path / "link.json", text)
        assert (tmp_path / "link.json").is_symlink()
        assert (tmp_path / "real" / "a.json").read_text(encoding="utf-8") == text
    assert names(tmp_path / "real") == ["a.json"]
    assert refusal(tmp_path / "link.json") is None


def test_permissions_are_the_usual_ones_and_stay(tmp_path: Path) -> None:
    def mode() -> int:
        return stat.S_IMODE((tmp_path / "a.json").stat().st_mode)

    before = os.umask(0o027)
    try:
        write_text(tmp_path / "a.json", "x")
        assert mode() == 0o640
        (tmp_path / "a.json").chmod(0o604)
        write_text(tmp_path / "a.json", "y")
        assert mode() == 0o604
    finally:
        os.umask(before)


def test_drafts_are_private_and_those_of_killed_runs_go(tmp_path: Path) -> None:
    old, fresh = tmp_path / ".siting-old.draft", tmp_path / ".siting-fresh.draft"
    for path in (old, fresh, tmp_path / ".other.draft"):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 3700,) * 2)
    os.utime(tmp_path / ".other.draft", (1e9, 1e9))
    with replacing(tmp_path / "a") as file:
        (draft,) = set(tmp_path.glob(".siting-*")) - {fresh}
        assert stat.S_IMODE(draft.stat().st_mode) == 0o600
        file.write(b"x")
    assert names(tmp_path) == [".other.draft", ".siting-fresh.draft", "a"]


def test_a_temporary_folder_is_private_and_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def ended() -> None:
        with temporary_folder() as folder:
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            (folder / "x").write_bytes(b"x")
            raise SystemExit

    with pytest.raises(SystemExit):
        ended()
    assert names(tmp_path) == []
