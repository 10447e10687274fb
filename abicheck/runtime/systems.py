"""Which operating system this is -> what loads an image here, and reads this process's memory."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from abicheck.errors import LoadError, UnsupportedError
from abicheck.evidence.files import shown

if TYPE_CHECKING:
    from abicheck.runtime.content import Content
    from abicheck.runtime.image import LoadedImage

PAGE = 4096
LARGEST_READ = 1 << 24


def open_image(content: Content, pin: str) -> LoadedImage:
    """Load the bytes of `content` by the loader of this system, and return their image.

    *Safety*: constructors of the plugin and of the libraries that it needs run.

    Raises: LoadError; UnsupportedError on a system whose loader we do not know.
    """
    try:
        return _open_image(content, pin)
    except OSError as error:  # No room for a private copy, no descriptor left …
        said = error.strerror or str(error)
        raise LoadError(f"{shown(content.path)}: cannot be loaded: {said}") from None


def _open_image(content: Content, pin: str) -> LoadedImage:
    if sys.platform == "linux":
        from abicheck.runtime import linux  # noqa: PLC0415

        return linux.open_image(content, pin)
    if sys.platform == "win32":
        from abicheck.runtime import windows  # noqa: PLC0415

        return windows.open_image(content, pin)
    if sys.platform == "darwin":
        from abicheck.runtime import macos  # noqa: PLC0415

        return macos.open_image(content, pin)
    raise UnsupportedError(f"plugins are not loaded on {sys.platform}; verify them instead")


def read_memory(address: int, size: int) -> bytes:
    """Return up to `size` bytes of this process; fewer where no more can be read.

    Nothing is dereferenced: the kernel copies, or says that it cannot.
    """
    if address <= 0 or size <= 0 or size > LARGEST_READ:
        return b""
    if sys.platform == "win32":
        from abicheck.runtime.windows import copy_memory  # noqa: PLC0415
    else:
        from abicheck.runtime.pipes import copy_memory  # noqa: PLC0415
    return copy_memory(address, size)
