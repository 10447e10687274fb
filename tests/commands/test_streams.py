from __future__ import annotations

import io

import pytest

from abicheck.commands.streams import Progress, complain, shows_marks, wants_color


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.parametrize(
    ("encoding", "can"), [("utf-8", True), ("ascii", False), ("latin-1", False), ("odd", False)]
)
def test_marks_need_an_encoding_that_has_them(encoding: str, can: bool) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    if encoding == "utf-8":
        assert shows_marks(stream) is can
    else:
        shown = type("Stream", (), {"encoding": encoding})()
        assert shows_marks(shown) is can


def test_terminal_has_colours() -> None:
    assert wants_color("auto", Terminal())


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_color("auto", Terminal())


def test_file_has_no_colours() -> None:
    assert not wants_color("auto", io.StringIO())


def test_terminal_without_escapes_has_no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert not wants_color("auto", Terminal())


def test_explicit_wish_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert wants_color("always", io.StringIO())
    assert not wants_color("never", Terminal())


def test_quick_run_shows_no_progress() -> None:
    terminal = Terminal()
    with Progress(terminal) as progress:
        progress.show("checking a.so", 0, 2)
    assert terminal.getvalue() == ""


def test_slow_run_shows_progress_and_takes_it_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("abicheck.commands.streams.PATIENCE", 0.01)
    terminal = Terminal()
    with Progress(terminal) as progress:
        progress.show("checking a.so", 1, 2)
        progress._thread.join(0.2)  # noqa: SLF001
    shown = terminal.getvalue()
    assert "1/2 checking a.so" in shown
    assert shown.endswith("\r\x1b[K")


def test_progress_is_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("abicheck.commands.streams.PATIENCE", 0.0)
    log = io.StringIO()
    with Progress(log) as progress:
        progress.show("checking a.so")
    assert log.getvalue() == ""


def test_complaint_cannot_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    complain("a\x1b[31mred.so: not a plugin\nsecond line")
    assert capsys.readouterr().err == "a\\x1b[31mred.so: not a plugin\nsecond line\n"
