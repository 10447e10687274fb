"""What was verified is remembered by its bytes, and by nothing that others could have written."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING

import pytest

from abicheck import verification
from abicheck.errors import PluginRefused
from abicheck.model.options import VerifyOptions
from abicheck.runtime.remembering import Memory
from tests.conftest import ROOT, binary
from tests.runtime.opening import CALLED, CONTRACT, call, on_linux, opened, placed

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = on_linux

GREETER = ROOT / "schemas" / "greeter.toml"


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the plugins that are verified while the test runs."""
    seen: list[str] = []
    examine = verification.examine

    def examine_and_note(*arguments: object) -> object:
        seen.append(os.path.basename(str(arguments[0])))
        return examine(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(verification, "examine", examine_and_note)
    return seen


def load(directory: Path, name: str = "libmarks.so", contract: Path = CONTRACT) -> int:
    """Load a plugin in a process that knows only what the directory remembers."""
    loaded = opened(binary(f"loading/{name}"), contract, memory=Memory(str(directory)))
    answer = call(loaded)
    loaded.image.close()
    return answer


def entries(directory: Path) -> list[Path]:
    return sorted(directory.iterdir())


def test_unchanged_plugin_is_verified_once(tmp_path: Path, judged: list[str]) -> None:
    assert [load(tmp_path), load(tmp_path), load(tmp_path)] == [1, 1, 1]
    assert judged == ["libmarks.so"]


def test_remembered_report_is_the_report(tmp_path: Path) -> None:
    plugin = binary("greeter/libgreeter-separate.so")
    first = opened(plugin, GREETER, memory=Memory(str(tmp_path)))
    second = opened(plugin, GREETER, memory=Memory(str(tmp_path)))
    assert second.report == first.report
    first.image.close()
    second.image.close()


def test_remembered_report_speaks_of_the_plugin_as_it_is_called_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tmp_path / "cache")
    monkeypatch.chdir(ROOT / "fixtures" / "loading")
    loaded = opened("libmarks.so", memory=Memory(str(tmp_path / "cache")))
    files = {claim.origin.file for claim in loaded.report.claims if claim.origin}
    assert loaded.report.file == "libmarks.so"
    assert files == {"libmarks.so"}
    loaded.image.close()


@pytest.mark.parametrize("change", ["bytes", "contract", "name", "parameters"])
def test_anything_else_is_verified_anew(tmp_path: Path, judged: list[str], change: str) -> None:
    cache, contract = tmp_path / "cache", tmp_path / "contract.toml"
    contract.write_text(CONTRACT.read_text() + "[parameters]\nlevel = 1\n")
    load(cache, contract=contract)
    plugin, options = binary("loading/libmarks.so"), VerifyOptions()
    if change == "bytes":
        plugin = placed("libmarks.so", tmp_path)
        plugin.write_bytes(plugin.read_bytes() + b"x")
    elif change == "contract":
        contract.write_text(contract.read_text() + "[plugin]\nfile = '.*'\n")
    elif change == "name":
        plugin = placed("libmarks.so", tmp_path, "other.so")
    else:
        options = VerifyOptions(parameters={"level": 2})
    opened(plugin, contract, options=options, memory=Memory(str(cache))).image.close()
    assert len(judged) == 2


def test_contract_read_again_is_the_same(tmp_path: Path, judged: list[str]) -> None:
    copy = tmp_path / "copy.toml"
    copy.write_text(CONTRACT.read_text())
    load(tmp_path / "cache")
    load(tmp_path / "cache", contract=copy)
    assert len(judged) == 1


def test_refusal_is_never_remembered(tmp_path: Path, judged: list[str]) -> None:
    for _ in range(2):
        with pytest.raises(PluginRefused):
            load(tmp_path, "libmarks-wrong.so")
    assert len(judged) == 2
    assert entries(tmp_path) == []


def test_what_a_call_answers_is_asked_every_time(tmp_path: Path, judged: list[str]) -> None:
    load(tmp_path, contract=CALLED)
    loaded = opened(binary("loading/libmarks.so"), CALLED, memory=Memory(str(tmp_path)))
    assert loaded.report.stated_version == "7"
    assert len(judged) == 1
    loaded.image.close()
    stored = json.loads(entries(tmp_path)[0].read_text().partition("\n")[2])
    assert stored["report"]["stated_version"] is None


def test_changed_debug_file_is_read_again(tmp_path: Path, judged: list[str]) -> None:
    for name in ("libgreeter-separate.so", "libgreeter-separate.so.debug"):
        (tmp_path / name).write_bytes(binary(f"greeter/{name}").read_bytes())
    cache, plugin = tmp_path / "cache", tmp_path / "libgreeter-separate.so"
    for _ in range(2):
        opened(plugin, GREETER, memory=Memory(str(cache))).image.close()
    assert len(judged) == 1
    (tmp_path / "libgreeter-separate.so.debug").unlink()
    with pytest.raises(PluginRefused):
        opened(plugin, GREETER, memory=Memory(str(cache)))


# An entry that is damaged, or that somebody else wrote, is as good as none.


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: "",
        lambda text: text[:-7],
        lambda text: text.replace('"linkage"', '"present"'),
        lambda _: "[" * 100_000,
        lambda _: '{"sum": 1, "body": 2}',
        lambda text: text.replace("libmarks", "libmärks"),
        lambda _: "x" * (1 << 23),
    ],
    ids=["empty", "truncated", "altered", "deep", "other", "encoding", "huge"],
)
def test_damaged_entry_is_replaced(tmp_path: Path, judged: list[str], damage: object) -> None:
    load(tmp_path)
    (entry,) = entries(tmp_path)
    good = entry.read_text()
    entry.write_text(damage(good), encoding="utf-8")  # type: ignore[operator]
    assert load(tmp_path) == 1
    assert len(judged) == 2
    assert entry.read_text() == good


def test_entry_under_the_name_of_another_is_not_believed(tmp_path: Path, judged: list[str]) -> None:
    load(tmp_path)
    (first,) = entries(tmp_path)
    load(tmp_path, "libmarks-2.so")
    (second,) = set(entries(tmp_path)) - {first}
    os.replace(first, second)
    load(tmp_path, "libmarks-2.so")
    assert len(judged) == 3


@pytest.mark.parametrize("who", ["entry", "directory", "link"])
def test_what_others_can_write_is_not_believed(tmp_path: Path, judged: list[str], who: str) -> None:
    cache = tmp_path / "cache"
    load(cache)
    (entry,) = entries(cache)
    if who == "entry":
        entry.chmod(0o666)
    elif who == "directory":
        cache.chmod(0o777)
    else:
        os.replace(entry, tmp_path / "elsewhere")
        entry.symlink_to(tmp_path / "elsewhere")
    assert load(cache) == 1
    assert len(judged) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can give files away")
def test_directory_of_another_user_is_not_used(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)
    assert "another user" in (Memory(str(tmp_path)).problem or "")


def test_entry_of_an_older_abicheck_is_not_believed(
    tmp_path: Path, judged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tmp_path)
    monkeypatch.setattr("abicheck.runtime.remembering._programs", ["0.0.9"])
    load(tmp_path)
    assert len(judged) == 2


def test_directory_that_cannot_be_written_to_costs_only_the_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    memory = Memory(str(tmp_path / "file" / "cache"))
    assert "is not used" in (memory.problem or "")
    opened(binary("loading/libmarks.so"), memory=memory).image.close()


def test_many_writers_leave_one_good_entry(tmp_path: Path, judged: list[str]) -> None:
    threads = [threading.Thread(target=load, args=(tmp_path,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entries(tmp_path)) == 1
    judged.clear()
    load(tmp_path)
    assert judged == []
