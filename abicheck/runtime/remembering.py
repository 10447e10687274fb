"""Bytes and a contract -> the report of an earlier verification of the same, if there is one.

Never trusted over the bytes: an entry is found by the SHA-256 of the very bytes that are about
to be loaded, and speaks of nothing else. What it is trusted for is that verification had found
nothing against them. Whoever can write an entry could say so of a bad plugin; therefore
entries count only in a directory, and in files, that no other user can write to. Against
programs of the same user nothing helps, as they can write to the host itself: a key that the
host can read, they can read as well.
"""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any

from abicheck import __version__
from abicheck.model.evidence import Origin
from abicheck.model.records import record, replace
from abicheck.model.report import Claim, PluginReport
from abicheck.model.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.model.options import VerifyOptions
    from abicheck.runtime.content import Content

    _Entry = tuple["Known", list[list[object]]]

FORMAT = 1
LARGEST_ENTRY = 1 << 22
MOST_IN_MEMORY = 256
WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
"""Such files and directories are not believed."""


@record
class Place:
    """An export that must lie in the image: the claim's subject, the symbol's name and version.

    `version` is None for what a plain look-up finds. `is_chosen`: a resolver decides where it is.
    `is_forwarded`: the contract lets it lie in another image.
    """

    subject: str
    name: str
    version: str | None = None
    is_chosen: bool = False
    is_forwarded: bool = False


@record
class Known:
    """What verification came to for bytes that may be loaded: no more than loading needs."""

    report: PluginReport
    target: Target
    places: tuple[Place, ...]


class Memory:
    """Reports of this process, and with a `directory` those of others too."""

    def __init__(self, directory: str | None = None) -> None:
        """Remember in memory, and in `directory` if it is safe; `problem` says why it is not."""
        self._known: dict[str, _Entry] = {}
        self.directory, self.problem = directory, None
        if directory is not None:
            self.problem = _why_unsafe(directory)

    def recall(self, key: str | None, path: str) -> Known | None:
        """Return what is known under `key`, as if about the file at `path`."""
        if key is None:
            return None
        entry = self._known.get(key) or self._read(key)
        if entry is None or not _are_unchanged(entry[1]):
            return None
        self._known[key] = entry
        return replace(entry[0], report=_renamed(entry[0].report, path))

    def keep(self, key: str | None, known: Known, options: VerifyOptions) -> None:
        """Remember an outcome; what cannot be written is not remembered, and costs nothing else."""
        if key is None:
            return
        report = known.report
        others = {claim.origin.file for claim in report.claims if claim.origin} - {report.file}
        states = [_state(file) for file in sorted({*others, *options.debug_files})]
        if any(state is None for state in states):
            return
        entry = (known, [state for state in states if state is not None])
        while len(self._known) >= MOST_IN_MEMORY:
            self._known.pop(next(iter(self._known)), None)
        self._known[key] = entry
        self._write(key, entry)

    def forget(self) -> None:
        """Forget what is in memory; what is in the directory stays."""
        self._known.clear()

    def _read(self, key: str) -> _Entry | None:
        if self.directory is None or self.problem is not None:
            return None
        try:
            checksum, _, text = _read_own(os.path.join(self.directory, _file_name(key))).partition(
                "\n"
            )
            if checksum != _sum(text):
                return None
            body = json.loads(text)
            if body["key"] != key:
                return None
            known = Known(
                _report_from(body["report"]),
                Target(*body["target"]),
                tuple(Place(*place) for place in body["places"]),
            )
            return known, body["files"]
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return None  # Absent, damaged or not ours: then the plugin is verified anew.

    def _write(self, key: str, entry: _Entry) -> None:
        if self.directory is None or self.problem is not None:
            return
        known, files = entry
        target = known.target
        body = {
            "key": key,
            "files": files,
            "target": [target.machine, target.system, target.environment, target.pointer_bits],
            "places": [
                [place.subject, place.name, place.version, place.is_chosen, place.is_forwarded]
                for place in known.places
            ],
            "report": _plain(known.report),
        }
        text = json.dumps(body, separators=(",", ":"))
        final = os.path.join(self.directory, _file_name(key))
        temporary = f"{final}.{os.getpid()}.{os.urandom(4).hex()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        try:
            with open(os.open(temporary, flags, 0o600), "w", encoding="ascii") as file:
                file.write(f"{_sum(text)}\n{text}")
            os.replace(temporary, final)
        except OSError:
            try:
                os.unlink(temporary)
            except OSError:
                return


def key_of(content: Content, contract: str, options: VerifyOptions) -> str | None:
    """Return what stands for a verification: all that its outcome depends on.

    `contract` is a fingerprint. None where the outcome depends on libraries of the system.
    """
    if options.host is not None or options.sysroot is not None:
        return None
    parameters = sorted((name, repr(value)) for name, value in options.parameters.items())
    return json.dumps([
        FORMAT, _program(), content.sha256, contract, os.path.basename(content.path),
        parameters, options.debug_files, options.debug_dirs, options.as_of,
    ])  # fmt: skip


_programs: list[str] = []


def _program() -> str:
    """Return version and state of abicheck itself: an older one's word does not count."""
    if not _programs:
        _programs.append(f"{__version__} {_sum(repr(sorted(_modules())))}")
    return _programs[0]


def _modules() -> Iterator[tuple[str, int, int]]:
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for directory, _, names in os.walk(home):
        for name in names:
            if name.endswith(".py"):
                path = os.path.join(directory, name)
                status = os.stat(path)
                yield path[len(home) :], status.st_size, status.st_mtime_ns


def _file_name(key: str) -> str:
    return f"{_sum(key)}.json"


def _sum(text: str) -> str:
    from hashlib import sha256  # noqa: PLC0415

    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


# Who could have written it.


def _why_unsafe(directory: str) -> str | None:
    """Return why a directory cannot be used; one that is not there is made."""
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        status = os.stat(directory)
    except OSError as error:
        return f"the cache {directory} is not used: {error.strerror}"
    if not stat.S_ISDIR(status.st_mode):
        return f"the cache {directory} is not used: it is no directory"
    reason = _mistrust(status)
    return None if reason is None else f"the cache {directory} is not used: {reason}"


def _mistrust(status: os.stat_result) -> str | None:
    if not hasattr(os, "geteuid"):
        return None  # On Windows the directory's access list decides; see docs/loader.md.
    if status.st_uid not in {os.geteuid(), 0}:
        return "it belongs to another user"
    if status.st_mode & WRITABLE_BY_OTHERS:
        return "others can write to it (chmod go-w makes it safe)"
    return None


def _read_own(path: str) -> str:
    """Return the text of a file that nobody else can have written.

    Raises: OSError.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, flags), encoding="ascii") as file:
        status = os.fstat(file.fileno())
        is_good = stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST_ENTRY
        if not is_good or _mistrust(status) is not None:
            raise PermissionError(path)
        return file.read()


# Other files that the outcome came from: separate debug information.


def _state(path: str) -> list[object] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return [os.path.abspath(path), status.st_size, status.st_mtime_ns, status.st_ino]


def _are_unchanged(files: list[list[object]]) -> bool:
    return all(_state(str(file[0])) == file for file in files)


# Reports as JSON and back.

CLAIM_FIELDS = (
    "rule", "claim", "subject", "status", "required", "target", "expected", "actual", "evidence",
    "contract_line", "reason", "message", "cause",
)  # fmt: skip


def _plain(report: PluginReport) -> dict[str, Any]:
    return {
        "file": report.file,
        "format": report.format,
        "targets": report.targets,
        "sha256": report.sha256,
        "stated_version": report.stated_version,
        "notes": report.notes,
        "claims": [
            [getattr(claim, name) for name in CLAIM_FIELDS] + [_plain_origin(claim.origin)]
            for claim in report.claims
        ],
    }


def _plain_origin(origin: Origin | None) -> list[object] | None:
    return None if origin is None else [origin.file, origin.section, origin.file_offset]


def _report_from(plain: dict[str, Any]) -> PluginReport:
    """Return the report of an entry; pictures, which only mismatches have, are not in it."""
    claims = []
    for *values, origin in plain["claims"]:
        fields = dict(zip(CLAIM_FIELDS, values, strict=True))
        claims.append(Claim(origin=None if origin is None else Origin(*origin), **fields))
    return PluginReport(
        file=plain["file"],
        format=plain["format"],
        targets=tuple(plain["targets"]),
        sha256=plain["sha256"],
        stated_version=plain["stated_version"],
        notes=tuple(plain["notes"]),
        claims=tuple(claims),
    )


def _renamed(report: PluginReport, path: str) -> PluginReport:
    """Return a report that calls the plugin as the user does now."""
    if report.file == path:
        return report
    claims = tuple(
        replace(claim, origin=replace(claim.origin, file=path))
        if claim.origin is not None and claim.origin.file == report.file
        else claim
        for claim in report.claims
    )
    return replace(report, file=path, claims=claims)
