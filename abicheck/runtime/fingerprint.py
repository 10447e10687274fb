"""A contract -> the SHA-256 of all that it says, so that equal ones are known to be equal."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abicheck.model.contract import Contract

UNSAID = frozenset({"file", "document"})
"""What a contract was read from, which says nothing about plugins."""

_fingerprints: dict[int, tuple[weakref.ref[Contract], str]] = {}


def fingerprint(contract: Contract) -> str:
    """Return the SHA-256 of all that a contract says; equal contracts have the same."""
    known = _fingerprints.get(id(contract))
    if known is not None and known[0]() is contract:
        return known[1]
    from hashlib import sha256  # noqa: PLC0415

    said = {name: value for name, value in vars(contract).items() if name not in UNSAID}
    source = getattr(contract.document, "document", None)
    digest = sha256(repr((said, source)).encode("utf-8", "surrogateescape")).hexdigest()
    identity = id(contract)
    gone = weakref.ref(contract, lambda _: _fingerprints.pop(identity, None) and None)
    _fingerprints[identity] = (gone, digest)
    return digest
