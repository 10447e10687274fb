"""A plugin and a contract -> how it fares in a child process: fine, refused, a crash, a hang.

The child verifies and loads as a host would, calls what needs nothing and has an owner, and
gives back what it got. It tells its parent what it is about to do before it does it, so
that the last word of a child that dies says what killed it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from typing import IO, TYPE_CHECKING, Any

from abicheck import verification
from abicheck.errors import AbicheckError, LoadError
from abicheck.evidence.files import shown
from abicheck.model.probing import CRASHED, FAILED, FINE, HUNG, ProbeReport
from abicheck.model.records import record

if TYPE_CHECKING:
    from abicheck.model.options import VerifyOptions

KEPT_OUTPUT = 4096
MOST_SAID = 1 << 20
CHILD = """\
import sys
sys.path[:] = {path!r}
from abicheck.runtime.probe_child import main
main()
"""
STAGES = {
    "starting": "before the plugin was touched",
    "verifying": "while it was verified, without running it",
    "loading": "while it was loaded (its constructors run, and those of libraries it needs)",
    "calling": "in {}()",
    "freeing": "while what {}() had returned was freed",
    "unloading": "while it was unloaded (its destructors run)",
    "done": "while the process ended",
}


@record
class Limits:
    """What the child may use: seconds, and bytes of address space beyond those it starts with."""

    seconds: float = 10.0
    memory: int = 1 << 30


def probe_plugin(path: str, contract: str, options: VerifyOptions, limits: Limits) -> ProbeReport:
    """Load and use a plugin in a child process, and say what became of it.

    *Safety*: the plugin runs with this user's rights, in another process. It is no sandbox.

    Raises: ContractError; LoadError if no child can be started.
    """
    verification.read_contract(contract)  # A wrong contract is the caller's, not the plugin's.
    told = _Told()
    child, ended_in_time = _run(_arguments(path, contract, options, limits), limits, told)
    if not ended_in_time:
        return told.report(path, HUNG, f"did not come to an end within {limits.seconds:g} seconds")
    if told.verdict_line is not None and told.verdict_line["outcome"] == "fault":
        raise AbicheckError(
            f"{shown(path)}: the probe itself failed ({told.verdict_line['message']}); "
            "please report this"
        )
    if told.verdict_line is not None:
        return told.verdict_line_report(path)
    if child < 0:
        name = _signal_name(-child)
        if name in {"SIGXCPU", "SIGKILL"} and told.stage != "starting":
            outcome = HUNG if name == "SIGXCPU" else CRASHED
            return told.report(path, outcome, f"was ended by {name}: a limit of the probe", name)
        return told.report(path, CRASHED, f"crashed ({name}: {signal.strsignal(-child)})", name)
    if told.stage == "done" and child == 0:
        return told.report(path, FINE, "")
    return told.report(path, CRASHED, f"ended the process with exit code {child}")


class _Told:
    """What the child said so far."""

    def __init__(self) -> None:
        self.stage, self.function = "starting", ""
        self.called: list[str] = []
        self.has_freed = False
        self.not_called: list[str] = []
        self.output = ""
        self.verdict_line: dict[str, str | None] | None = None

    def hear(self, text: bytes) -> None:
        """Take in all that the child said; what is no line of its is the plugin's, and ends it."""
        for line in text.split(b"\n"):
            try:
                self._hear_line(json.loads(line))
            except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
                return

    def _hear_line(self, said: dict[str, Any]) -> None:
        """Take in one line: a stage, a function left alone, or how it ended."""
        if "stage" in said:
            self.has_freed |= said["stage"] == "freeing"
            self.stage, self.function = said["stage"], said.get("function", "")
        elif "returned" in said:
            self.called.append(said["returned"])
        elif "left" in said:
            self.not_called.append(said["left"])
        else:
            self.verdict_line = said

    def verdict_line_report(self, path: str) -> ProbeReport:
        """Return the report of what the child itself said about the plugin."""
        assert self.verdict_line is not None
        said = self.verdict_line
        message, *reasons = str(said["message"]).split("\n")
        return ProbeReport(
            file=path,
            outcome=said["outcome"] or FAILED,
            message=message,
            reasons=tuple(reason.strip() for reason in reasons),
            stage=self.stage,
            called=tuple(self.called),
            not_called=tuple(self.not_called),
            output=self.output,
            verdict=said.get("verdict"),
        )

    def report(
        self, path: str, outcome: str, what: str, signal_name: str | None = None
    ) -> ProbeReport:
        """Return the report of what the parent saw."""
        where = STAGES.get(self.stage, "").format(self.function)
        calls = ", ".join(f"{name}()" for name in self.called)
        said = f"{shown(path)}: {what} {where}"
        if outcome == FINE:
            freed = ", freed what came back" if self.has_freed else ""
            tried = f"loaded, called {calls}{freed}, unloaded" if calls else "loaded and unloaded"
            said = f"{shown(path)}: {tried} without harm"
        return ProbeReport(
            file=path,
            outcome=outcome,
            message=said,
            stage=self.stage if not self.function else f"{self.stage} {self.function}",
            signal=signal_name,
            called=tuple(self.called),
            not_called=tuple(self.not_called),
            output=self.output,
        )


def _arguments(path: str, contract: str, options: VerifyOptions, limits: Limits) -> str:
    return json.dumps({
        "path": path, "contract": contract, "seconds": limits.seconds, "memory": limits.memory,
        "parameters": dict(options.parameters), "debug_files": options.debug_files,
        "debug_dirs": options.debug_dirs, "as_of": options.as_of,
    })  # fmt: skip


def _run(arguments: str, limits: Limits, told: _Told) -> tuple[int, bool]:
    """Run the child; return its exit code, and whether it came to an end by itself."""
    if not sys.executable:
        raise LoadError("this process does not know the Python that a probe could run in")
    channel, name = tempfile.mkstemp(prefix="abicheck-probe-")
    try:
        return _watched(_started(arguments, name), limits, told)
    finally:
        with open(channel, "rb") as file:
            told.hear(file.read(MOST_SAID))
        os.unlink(name)


def _started(arguments: str, channel: str) -> subprocess.Popen[bytes]:
    try:
        # sys.path is handed on whole: the child must find this very abicheck.
        return subprocess.Popen(  # noqa: S603 (this very Python)
            [sys.executable, "-c", CHILD.format(path=sys.path), arguments, channel],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise LoadError(f"no child process can be started: {error.strerror}") from None


def _watched(child: subprocess.Popen[bytes], limits: Limits, told: _Told) -> tuple[int, bool]:
    assert child.stderr is not None
    listener = _Listener(child.stderr)
    try:
        child.wait(limits.seconds)
        is_in_time = True
    except subprocess.TimeoutExpired:
        is_in_time = False
    finally:
        _end(child)
        told.output = listener.finish()
    return child.returncode, is_in_time


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child and what it started."""
    try:
        if os.name == "posix":
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
    except (ProcessLookupError, PermissionError):
        pass
    child.wait()


class _Listener:
    """Reads what the plugin writes to standard error, however much it is, and keeps the end."""

    def __init__(self, output: IO[bytes]) -> None:
        self._tail = b""
        self._thread = threading.Thread(target=self._listen, args=(output,), daemon=True)
        self._thread.start()

    def _listen(self, output: IO[bytes]) -> None:
        with output:
            while window := os.read(output.fileno(), KEPT_OUTPUT):
                self._tail = (self._tail + window)[-KEPT_OUTPUT:]

    def finish(self) -> str:
        """Wait for the rest, unless something that the plugin started keeps it open."""
        self._thread.join(1.0)
        return self._tail.decode("utf-8", "backslashreplace")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
