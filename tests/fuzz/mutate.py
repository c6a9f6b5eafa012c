"""Bytes changed at random, as transfers, editors and bad disks change them."""

from collections.abc import Callable
from random import Random
from typing import Final

# Numbers and marks that parsers trip over.
_AWKWARD: Final = (
    b"nan", b"inf", b"-1", b"1e999", b"0", b"99999999999999999999", b'"', b"'", b"{", b"}", b"[", b"]", b",", b"\n",
    b"\x00", b"\xff", b"\xff\xfe", b"\xd6\xd8", "重".encode(), b"null", b"true",
    b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00",
)  # fmt: skip


def truncated(data: bytes, random: Random) -> bytes:
    """Cut the end off."""
    return data[: random.randrange(len(data) + 1)]


def flipped(data: bytes, random: Random) -> bytes:
    """Change some bits, more often near the head, where formats keep their structure."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        reach = len(changed) if random.random() < 0.5 else min(len(changed), 512)
        if reach:
            changed[random.randrange(reach)] ^= 1 << random.randrange(8)
    return bytes(changed)


def spliced(data: bytes, random: Random) -> bytes:
    """Put something awkward into the middle, or over what is there."""
    at, token = random.randrange(len(data) + 1), random.choice(_AWKWARD)
    return data[:at] + token + data[at + random.choice((0, 1, len(token))) :]


def lost(data: bytes, random: Random) -> bytes:
    """Lose a piece."""
    start = random.randrange(len(data) + 1)
    return data[:start] + data[start + random.randrange(1, 200) :]


def doubled(data: bytes, random: Random) -> bytes:
    """Write a piece twice."""
    start = random.randrange(len(data) + 1)
    end = min(len(data), start + random.randrange(1, 200))
    return data[:end] + data[start:]


_CHANGES: Final[tuple[Callable[[bytes, Random], bytes], ...]] = (
    truncated,
    flipped,
    flipped,
    spliced,
    spliced,
    lost,
    doubled,
)


def mutated(data: bytes, random: Random) -> bytes:
    """Return data after one to three changes."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        data = random.choice(_CHANGES)(data, random)
    return data
