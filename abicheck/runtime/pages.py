"""What only loading finds -> its page of the documentation, as `abicheck explain` prints it."""

from __future__ import annotations

from abicheck.model.pages import Page, page_of

BAD_SLOT = "slot-not-callable"
"""The rule under which a required function pointer is refused that leads nowhere."""

_BAD_SLOT = """Look at the function pointers of what a loaded plugin hands out.

    `abicheck.load` decides this, not `verify`: what a function returns is only there once it was
    called. A slot that the contract does not call `Option` must not be NULL, and must lead to
    memory that is mapped executable; exported structs are looked at when the plugin is loaded,
    returned ones before the caller gets them.

    Why: the host calls through the slot. NULL there ends the process, and anything else that is
    no code is worse.

    Fix: fill the slot in before handing the struct out. If a host has to bear its absence, say
    `Option<fn(...)>` in the contract.
    """

EXAMPLES = {
    BAD_SLOT: {
        "plugin": (
            "/* Hands out a struct of which nothing is filled in. */\n"
            "Greeter *load_plugin(void) { return calloc(1, sizeof(Greeter)); }"
        ),
        "contract": (
            "[structs.Greeter]\n"
            "fields = [\n"
            '  { name = "greet", type = "fn(name: *const c_char) -> *const c_char" },\n'
            "]"
        ),
        "finding": (
            "structs.Greeter.greet  [slot-not-callable]\n"
            "expected  a function\n"
            "found     NULL, in what load_plugin gave"
        ),
    }
}
"""The parts of each page's example, as `report.pages` shows them."""


def pages() -> tuple[Page, ...]:
    """Return the pages of the rules that only the loader decides."""
    return (page_of(BAD_SLOT, "error", _BAD_SLOT),)
