"""The loader finds what fits, says why the rest does not, and exchanges plugins while they run."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck.errors import LoadError, PluginRefused
from tests.conftest import ROOT, binary
from tests.runtime.opening import CONTRACT, mapped, on_linux, placed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [on_linux, pytest.mark.usefixtures("unloading")]


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    """Return a directory of good and bad plugins, and of what is none."""
    directory = tmp_path / "plugins"
    (directory / "deep").mkdir(parents=True)
    placed("libmarks.so", directory)
    placed("libmarks-2.so", directory / "deep")
    placed("libmarks-wrong.so", directory)
    placed("libmarks-stripped.so", directory)
    (directory / "README").write_text("no plugin")
    (directory / "broken.so").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03" + bytes(60))
    return directory


@pytest.fixture
def loader(plugins: Path) -> Iterator[abicheck.Loader]:
    """Return a loader of that directory."""
    made = abicheck.loader(CONTRACT, [plugins])
    yield made
    for each in made:
        each.unload()


def exchange(plugin: Path, name: str) -> None:
    """Put another version in the place of a plugin, as installers do."""
    new = plugin.with_suffix(".new")
    shutil.copy(binary(f"loading/{name}"), new)
    os.replace(new, plugin)


def test_what_fits_is_loaded_and_the_rest_listed_with_reasons(
    loader: abicheck.Loader, plugins: Path
) -> None:
    assert sorted(each.answer() for each in loader) == [1, 2]
    refused = {os.path.basename(path): error for path, error in loader.refused.items()}
    assert set(refused) == {"libmarks-wrong.so", "libmarks-stripped.so", "broken.so"}
    assert isinstance(refused["libmarks-wrong.so"], PluginRefused)
    assert "incompatible" in str(refused["libmarks-wrong.so"])
    assert "unverified" in str(refused["libmarks-stripped.so"])
    assert "no PT_DYNAMIC" in str(refused["broken.so"])
    assert str(plugins) in str(refused["broken.so"])


def test_plugin_is_found_by_file_name_and_by_path(loader: abicheck.Loader, plugins: Path) -> None:
    assert loader["libmarks.so"] is loader[str(plugins / "libmarks.so")]
    assert "libmarks.so" in loader
    assert "libmarks-wrong.so" not in loader
    assert loader.get("absent.so") is None
    assert len(loader) == 2
    with pytest.raises(KeyError):
        loader["absent.so"]
    with pytest.raises(PluginRefused):
        loader["libmarks-wrong.so"]


def test_first_directory_goes_before_the_second(tmp_path: Path) -> None:
    for place, name in (("first", "libmarks.so"), ("second", "libmarks-2.so")):
        (tmp_path / place).mkdir()
        placed(name, tmp_path / place, "plugin.so")
    loader = abicheck.loader(CONTRACT, [tmp_path / "first", tmp_path / "second"])
    assert loader["plugin.so"].answer() == 1
    assert [each.answer() for each in loader] == [1, 2]


def test_empty_and_absent_directories_are_no_harm(tmp_path: Path) -> None:
    assert len(abicheck.loader(CONTRACT, [tmp_path])) == 0
    loader = abicheck.loader(CONTRACT, [tmp_path / "absent"])
    assert len(loader) == 0
    assert "cannot be read" in str(loader.refused[str(tmp_path / "absent")])


def test_library_that_the_system_will_not_load_is_listed(tmp_path: Path) -> None:
    placed("libmarks-beside.so", tmp_path)
    loader = abicheck.loader(CONTRACT, [tmp_path])
    (error,) = loader.refused.values()
    assert isinstance(error, LoadError)
    assert "libneighbour.so" in str(error)


def test_scan_finds_what_is_new_and_retires_what_is_gone(
    loader: abicheck.Loader, plugins: Path
) -> None:
    placed("libmarks-2.so", plugins, "new.so")
    (plugins / "libmarks.so").unlink()
    assert loader["libmarks.so"].answer() == 1
    assert [each.answer() for each in loader.scan()] == [2, 2]
    assert "libmarks.so" not in loader
    assert "new.so" in loader


# Exchange.


def test_new_version_is_handed_out_from_then_on(loader: abicheck.Loader, plugins: Path) -> None:
    old = loader["libmarks.so"]
    exchange(plugins / "libmarks.so", "libmarks-2.so")
    new = loader["libmarks.so"]
    assert (old.answer(), new.answer()) == (1, 2)
    assert loader["libmarks.so"] is new


@pytest.mark.parametrize("name", ["libmarks-wrong.so", "libmarks-stripped.so", "broken"])
def test_version_that_does_not_fit_leaves_the_old_one_in_service(
    loader: abicheck.Loader, plugins: Path, name: str
) -> None:
    old = loader["libmarks.so"]
    if name == "broken":
        (plugins / "libmarks.so").write_bytes(b"\x7fELF half-written")
    else:
        exchange(plugins / "libmarks.so", name)
    assert loader["libmarks.so"] is old
    assert old.answer() == 1
    assert str(plugins / "libmarks.so") in loader.refused
    exchange(plugins / "libmarks.so", "libmarks-2.so")
    assert loader["libmarks.so"].answer() == 2
    assert str(plugins / "libmarks.so") not in loader.refused


def test_old_version_goes_when_its_last_user_lets_go(tmp_path: Path) -> None:
    plugin = placed("libmarks.so", tmp_path, "draining.so")
    loader = abicheck.loader(CONTRACT, [tmp_path])
    answer = loader["draining.so"].answer
    exchange(plugin, "libmarks-2.so")
    assert loader["draining.so"].answer() == 2
    gc.collect()
    assert answer() == 1
    assert versions_mapped("draining.so") == 2
    del answer
    gc.collect()
    assert versions_mapped("draining.so") == 1
    assert loader["draining.so"].answer() == 2


def versions_mapped(name: str) -> int:
    """Return how many copies of a plugin are in memory: each is a file of its own."""
    return len({line.split()[4] for line in mapped(f"memfd:{name}")})


def test_exchange_while_threads_call(tmp_path: Path) -> None:
    plugin = placed("libmarks.so", tmp_path, "busy.so")
    loader, stop = abicheck.loader(CONTRACT, [tmp_path]), threading.Event()
    seen: set[int] = set()
    failures: list[Exception] = []

    def use() -> None:
        try:
            while not stop.is_set():
                seen.add(loader["busy.so"].answer())
        except Exception as error:  # noqa: BLE001  of whatever kind, it must reach the test
            failures.append(error)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for round_ in range(20):
        exchange(plugin, f"libmarks{'-2' * (round_ % 2 == 0)}.so")
        loader["busy.so"].answer()
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert seen == {1, 2}
    assert loader["busy.so"].answer() == 1
    gc.collect()
    assert versions_mapped("busy.so") == 1


def test_write_in_place_within_one_tick_of_the_clock_is_noticed(tmp_path: Path) -> None:
    plugin = placed("libmarks.so", tmp_path, "quick.so")
    loader = abicheck.loader(CONTRACT, [tmp_path])
    times = os.stat(plugin)
    plugin.write_bytes(binary("loading/libmarks-2.so").read_bytes())
    os.utime(plugin, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert loader["quick.so"].answer() == 2


def test_plugin_unloaded_by_hand_is_loaded_again(loader: abicheck.Loader) -> None:
    loader["libmarks.so"].unload()
    assert loader["libmarks.so"].answer() == 1


def test_block_ends_one_hand_out_only(loader: abicheck.Loader) -> None:
    for _ in range(3):
        with loader["libmarks.so"] as plugin:
            assert plugin.answer() == 1
    assert loader["libmarks.so"].answer() == 1


def test_wrong_contract_is_the_callers_fault(tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("contract = 1\n")
    with pytest.raises(abicheck.ContractError):
        abicheck.loader(tmp_path / "wrong.toml", [tmp_path])


def test_more_plugins_than_descriptors_can_be_loaded(tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    for number in range(400):
        placed("libmarks.so", plugins, f"lib{number}.so")
    script = (
        "import resource, sys; sys.path.insert(0, sys.argv[1]); import abicheck\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (350, 350))\n"
        "loader = abicheck.loader(sys.argv[2], [sys.argv[3]], cache=sys.argv[4])\n"
        "print(len(loader), len(loader.refused), sum(each.answer() for each in loader))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(ROOT), str(CONTRACT), str(plugins), str(tmp_path / "c")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "400 0 400\n"


def test_cache_serves_the_next_process(tmp_path: Path, plugins: Path) -> None:
    cache = tmp_path / "cache"
    abicheck.loader(CONTRACT, [plugins], cache=cache)
    entries = sorted(os.listdir(cache))
    assert len(entries) == 2
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import abicheck\n"
        "from abicheck import verification\n"
        "found = []; examine = verification.examine\n"
        "verification.examine = lambda *given: found.append(given[0]) or examine(*given)\n"
        "loader = abicheck.loader(sys.argv[2], [sys.argv[3]], cache=sys.argv[4])\n"
        "print(len(loader), len(found))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(ROOT), str(CONTRACT), str(plugins), str(cache)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "2 3\n"  # Two are remembered; three are refused, with reasons.
    assert sorted(os.listdir(cache)) == entries
