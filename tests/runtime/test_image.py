"""Images: what is in them, and how the system gets them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import binary
from tests.runtime.opening import compiled, on_linux, opened

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = on_linux


def test_closed_image_answers_nothing() -> None:
    loaded = opened(binary("loading/libmarks.so"))
    image = loaded.image
    assert image.is_open
    assert image.close() is None
    assert not image.is_open
    assert image.address("answer") is None
    assert image.close() is None


def test_image_in_use_elsewhere_stays() -> None:
    loaded = opened(binary("loading/libmarks.so"))
    other = loaded.image.share()
    assert other is not None
    assert "in use" in (loaded.image.close() or "")
    assert other.address("answer") is not None
    assert other.close() is None
    assert other.share() is None


def test_image_tells_its_own_memory_from_that_of_others() -> None:
    loaded = opened(binary("loading/libmarks.so"))
    image, own = loaded.image, loaded.image.address("answer")
    assert own is not None
    assert image.contains(own)
    assert image.is_code(own)
    data = image.address("PLUGIN_VERSION")
    assert data is not None
    assert image.address("malloc") is None
    foreign = image.lookup("malloc")
    assert foreign is not None
    assert image.is_code(foreign)
    assert not image.contains(foreign)
    image.close()


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["-Wl,-z,nodelete"], "-z nodelete"),
        (["-DUNIQUE"], "unique symbols"),
        (["-DHOLDS_THREAD_DATA"], "destructors of its thread-local data"),
    ],
)
def test_image_that_the_system_keeps_says_so_and_can_be_used_again(
    tmp_path: Path, flags: list[str], said: str
) -> None:
    loaded = opened(compiled(tmp_path, "plugin.c", *flags))
    assert said in (loaded.image.close() or "")
    again = loaded.image.share()
    assert again is not None
    address = again.address("answer")
    assert address is not None
    assert again.is_code(address)
    assert said in (again.close() or "")
