"""Page: what the documentation says of one rule."""

from __future__ import annotations

from abicheck.model.records import record


@record
class Page:
    """What a rule decides, why it matters and what to do, as its docstring says it.

    `paragraphs` are whole lines, the first of which is the summary.
    """

    id: str
    severity: str
    paragraphs: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The one sentence that says what the rule is about."""
        return self.paragraphs[0]


def page_of(rule_id: str, severity: str, docstring: str | None) -> Page:
    """Return the page of a rule whose function has this docstring."""
    paragraphs = [""]
    for line in (docstring or "").splitlines():
        words = line.strip()
        if words:
            paragraphs[-1] = f"{paragraphs[-1]} {words}".lstrip()
        elif paragraphs[-1]:
            paragraphs.append("")
    return Page(id=rule_id, severity=severity, paragraphs=tuple(filter(None, paragraphs)) or ("",))
