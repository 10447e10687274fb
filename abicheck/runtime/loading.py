"""A path and a contract -> a plugin in this process: read once, verified, pinned, loaded, checked.

*Safety*: a plugin that is loaded runs its constructors, and those of the libraries that it
needs, which the system loads and nobody verifies. A refused one runs nothing.

*Threads*: any number may load at once; the same plugin is loaded once.

*Platforms*: Linux, with glibc or musl; Windows and macOS in modules of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.records import record
from abicheck.model.report import Verdict
from abicheck.runtime.examining import COPY, examine
from abicheck.runtime.refusing import refusal

if TYPE_CHECKING:
    from abicheck.model.contract import Binding
    from abicheck.model.layout import Layouts
    from abicheck.model.report import PluginReport
    from abicheck.runtime.content import Content
    from abicheck.runtime.examining import Demand
    from abicheck.runtime.image import LoadedImage

__all__ = ["Loaded", "load_content", "refusal"]


@record
class Loaded:
    """A plugin in memory with all that access to it is made from."""

    binding: Binding
    layouts: Layouts
    image: LoadedImage
    report: PluginReport


def load_content(content: Content, demand: Demand, image: LoadedImage | None = None) -> Loaded:
    """Verify `content` and load the very bytes that were verified.

    An `image` of these bytes is used again if it is still there.

    Raises: PluginRefused with the report; LoadError if the system would not load it;
    ContractError.
    """
    if demand.pin == COPY:
        content.pin()
    found = examine(content, demand)
    from abicheck.runtime.live import judge_loaded  # noqa: PLC0415
    from abicheck.runtime.systems import open_image  # noqa: PLC0415

    shared = None if image is None else image.share()
    image = open_image(content, demand.pin) if shared is None else shared
    image.allow(place.name for place in found.places if place.is_forwarded)
    try:
        report = judge_loaded(found, image)
    except BaseException:
        image.close()
        raise
    if report.verdict is not Verdict.COMPATIBLE:
        image.close()
        raise refusal(report, demand.contract)
    return Loaded(binding=found.binding, layouts=found.layouts, image=image, report=report)
