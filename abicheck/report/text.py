"""Report -> text for people: the answer first, then every problem, then what was proved.

Written for a tired person with one screen of eighty columns. The text depends on
the report and the style alone: not on the terminal, the clock or the machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.report import MISMATCH, OK, UNVERIFIED, Verdict
from abicheck.report.groups import EVIDENCE, base_name, counted, listed, missing, proved, unproved
from abicheck.report.terminal import BOLD, FAINT, GREEN, RED, UNBROKEN, YELLOW, Pen, harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from abicheck.model.evidence import Origin
    from abicheck.model.options import Style
    from abicheck.model.report import Claim, Picture, PluginReport, Report

    Key = tuple[str | None, str]

ALIKE = 3
"""Problems under one rule that are told at length; the others get two lines each."""

CONSEQUENCES = 6
"""Consequences of one cause that are named; the JSON has them all."""


def render(report: Report, style: Style) -> str:
    """Return a whole report as lines for a terminal or a log."""
    return Page(harmless(report), style).text()


class Page:
    """One report on its way to the screen."""

    def __init__(self, report: Report, style: Style) -> None:
        """Take a report whose texts are harmless."""
        self.report, self.style, self.pen = report, style, Pen(style)
        self.interface = f"{report.contract_name} {report.contract_version}"
        self.is_alone = len(report.plugins) == 1
        self._ways_shown: set[tuple[str, ...]] = set()

    def text(self) -> str:
        """Return all of it."""
        return self.pen.finish(self._lines())

    def _lines(self) -> Iterator[str]:
        was_long = False
        for at, plugin in enumerate(self.report.plugins):
            lines = list(self._plugin(plugin))
            if at and (was_long or len(lines) > 1):
                yield ""
            yield from lines
            was_long = len(lines) > 1
        if not self.style.is_quiet:
            for note in self.report.notes:
                yield from self.pen.wrap(note, "note: ")
        if not self.is_alone:
            yield from ([""] if was_long else [])
            yield self._total()

    def _total(self) -> str:
        verdicts = [plugin.verdict for plugin in self.report.plugins]
        words = {Verdict.COMPATIBLE: "compatible", Verdict.INCOMPATIBLE: "incompatible",
                 Verdict.UNVERIFIED: "unverified", None: "unreadable"}  # fmt: skip
        counts = [
            f"{verdicts.count(each)} {word}" for each, word in words.items() if each in verdicts
        ]
        return f"{counted(len(verdicts), 'plugin')}: {', '.join(counts)}"

    # One plugin.

    def _plugin(self, plugin: PluginReport) -> Iterator[str]:
        match plugin.verdict:
            case None:
                cause = str(plugin.error).removeprefix(f"{plugin.file}: ")
                yield self._headline(self.pen.broken, RED, plugin, _unreadable(cause))
                return
            case Verdict.INCOMPATIBLE:
                lines = self._incompatible(plugin)
            case Verdict.UNVERIFIED:
                lines = self._unverified(plugin)
            case _:
                lines = self._compatible(plugin)
        yield next(lines)
        if self.style.is_quiet:
            return
        yield from lines
        if self.style.is_verbose:
            yield from self._every_claim(plugin)

    def _headline(self, mark: str, color: str, plugin: PluginReport, words: str) -> str:
        return f"{self.pen.paint(mark, color, BOLD)} {self.pen.paint(plugin.file, BOLD)}: {words}"

    def _stated(self, plugin: PluginReport) -> str:
        return (
            "" if plugin.stated_version is None else f" (the plugin says {plugin.stated_version})"
        )

    def _count(self, plugin: PluginReport) -> str:
        states = [claim.status for claim in plugin.claims]
        parts = [f"{counted(states.count(OK), 'claim')} proved"]
        if UNVERIFIED in states:
            needed = len(missing(plugin))
            extra = states.count(UNVERIFIED) - needed
            if needed:
                parts.append(f"{needed} required but not proved")
            if extra:
                parts.append(f"{extra} not proved and not required")
        return ", ".join(parts)

    # Compatible: what was proved, by which evidence, and what was not.

    def _compatible(self, plugin: PluginReport) -> Iterator[str]:
        words = f"{self.pen.paint('compatible', GREEN)} with {self.interface}{self._stated(plugin)}"
        states = [claim.status for claim in plugin.claims]
        open_claims = states.count(UNVERIFIED)
        is_brief = not self.is_alone and not self.style.is_verbose
        if not states:
            words += ", which claims nothing"
        elif is_brief or self.style.is_quiet:
            words += f", {counted(states.count(OK), 'claim')} proved"
            words += f", {open_claims} not proved" if open_claims else ""
        elif open_claims:
            words += f", {counted(open_claims, 'claim')} not proved"
        yield self._headline(self.pen.good, GREEN, plugin, words)
        if is_brief:
            return
        yield f"  {self._count(plugin)}"
        yield ""
        width = max((len(group) for group, _ in proved(plugin.claims)), default=0)
        for group, phrase in proved(plugin.claims):
            yield from self.pen.wrap(phrase, f"  {group.ljust(width)}  ")
        yield from self._remarks(plugin)

    def _remarks(self, plugin: PluginReport) -> Iterator[str]:
        remarks = [*self._notes(plugin), *self._not_proved(plugin)]
        yield from ["", *remarks] if remarks else []

    def _notes(self, plugin: PluginReport) -> Iterator[str]:
        messages = [f"{claim.subject}: {claim.message}" for claim in plugin.claims if claim.is_note]
        for message in dict.fromkeys([*messages, *plugin.notes]):
            yield from self.pen.wrap(message, "  note: ")

    def _not_proved(self, plugin: PluginReport) -> Iterator[str]:
        for is_required, title in (
            (True, "required, not proved"),
            (False, "not proved, not required"),
        ):
            claims = [claim for claim in plugin.claims if claim.required == is_required]
            for reason, about in unproved(claims, is_brief=True):
                yield from self.pen.wrap(f"{title}: {about}: {reason}", "  ", "    ")

    # Incompatible: every problem once, its consequences under it.

    def _incompatible(self, plugin: PluginReport) -> Iterator[str]:
        words = f"{self.pen.paint('incompatible', RED)} with {self.interface}{self._stated(plugin)}"
        yield self._headline(self.pen.bad, RED, plugin, words)
        problems = causes(plugin.claims)
        yield f"  {counted(len(problems), 'problem')}; {self._count(plugin)}"
        drawn: set[str] = set()
        told: dict[str, int] = {}
        for number, (claim, consequences) in enumerate(problems, 1):
            told[claim.rule] = told.get(claim.rule, 0) + 1
            if told[claim.rule] > ALIKE and claim.picture is None and not consequences:
                yield from [""] if told[claim.rule] == ALIKE + 1 else []
                yield from self._brief_problem(plugin, number, claim)
                continue
            yield ""
            yield from self._problem(plugin, number, claim)
            yield from self._consequences(claim, consequences)
            picture = _picture(claim, consequences)
            if picture is not None and picture.subject not in drawn:
                drawn.add(picture.subject)
                from abicheck.report.picture import draw  # noqa: PLC0415 (good news needs none)

                yield ""
                yield from draw(picture, self.pen)
        yield from self._remarks(plugin)
        yield ""
        from abicheck.report.advice import who_must_act  # noqa: PLC0415 (good news needs none)

        yield from self.pen.wrap(who_must_act(self.report, plugin), "  ")

    def _problem_line(self, plugin: PluginReport, number: int, claim: Claim) -> str:
        place = f" on {claim.target}" if len(plugin.targets) > 1 and claim.target else ""
        rule = self.pen.paint(f"[{claim.rule}]", FAINT)
        return f"  {number}. {self.pen.paint(claim.subject, BOLD)}{place}  {rule}"

    def _brief_problem(self, plugin: PluginReport, number: int, claim: Claim) -> Iterator[str]:
        yield self._problem_line(plugin, number, claim)
        found = claim.actual or "something else"
        wanted = f"expected {claim.expected or claim.claim}, found {found}"
        yield from self.pen.wrap(f"{wanted}{self._contract_line(claim)}", "     ")

    def _contract_line(self, claim: Claim) -> str:
        line = "" if claim.contract_line is None else f":{claim.contract_line}"
        return f"  ({self.report.contract_file}{line})"

    def _problem(self, plugin: PluginReport, number: int, claim: Claim) -> Iterator[str]:
        yield self._problem_line(plugin, number, claim)
        story = claim.message or (claim.picture.story if claim.picture else "")
        if story and story != claim.actual:
            yield from self.pen.wrap(sentence(story), "     ")
        expected = f"{claim.expected or claim.claim}{self._contract_line(claim)}"
        yield from self.pen.wrap(expected, "     expected  ")
        seen = self._seen(claim, plugin)
        found = claim.actual or "something else"
        yield from self.pen.wrap(f"{found}  ({seen})" if seen else found, "     found     ")

    def _seen(self, claim: Claim, plugin: PluginReport) -> str:
        source = EVIDENCE.get(claim.evidence or "", claim.evidence or "")
        return where(claim.origin, plugin.file) if claim.origin else source

    def _consequences(self, cause: Claim, claims: list[Claim]) -> Iterator[str]:
        if not claims:
            return
        parent = cause.subject.rpartition(".")[0] + "."
        named: dict[str, list[str]] = {}
        for claim in claims:
            names = named.setdefault(claim.claim, [])
            name = claim.subject.removeprefix(parent)
            names.extend([name] if name not in names else [])
        phrases = [f"{what} of {listed(names, CONSEQUENCES)}" for what, names in named.items()]
        text = f"({counted(len(claims), 'consequence')}: {'; '.join(phrases)})"
        yield from self.pen.wrap(text, "     ", "      ")

    # Unverified: the one cause first, then the ways out.

    def _unverified(self, plugin: PluginReport) -> Iterator[str]:
        from abicheck.report import advice  # noqa: PLC0415 (good news needs none)

        gaps = missing(plugin)
        reasons = list(unproved(gaps))
        words = f"{self.pen.paint('unverified', YELLOW)}: {advice.headline(gaps, reasons[0])}"
        yield self._headline(self.pen.unsure, YELLOW, plugin, words)
        proofs = counted([claim.status for claim in plugin.claims].count(OK), "claim")
        yield f"  Nothing contradicts {self.interface}{self._stated(plugin)}."
        yield f"  {proofs} proved, {len(gaps)} required but not proved:"
        for reason, about in reasons:
            yield from self.pen.wrap(about, "    ")
            yield from self.pen.wrap(f"because {reason}", "      ")
        yield from self._optional_gaps(plugin, {reason for reason, _ in reasons})
        yield from self._notes(plugin)
        yield from self._ways_out(plugin)

    def _optional_gaps(self, plugin: PluginReport, told: set[str]) -> Iterator[str]:
        claims = [claim for claim in plugin.claims if not claim.required]
        for reason, about in unproved(claims):
            why = ", for the same reason" if reason in told else f": {reason}"
            yield from self.pen.wrap(f"not proved, not required: {about}{why}", "  ", "    ")

    def _ways_out(self, plugin: PluginReport) -> Iterator[str]:
        from abicheck.report import advice  # noqa: PLC0415 (good news needs none)

        keys = advice.relaxations(plugin)
        if keys in self._ways_shown:
            return
        self._ways_shown.add(keys)
        ways = list(advice.ways_out(self.report, plugin, self.style))
        if ways:
            yield ""
            yield "  Ways out, the best first:" if len(ways) > 1 else "  A way out:"
        for number, (sentence, lines) in enumerate(ways, 1):
            yield from self.pen.wrap(sentence, f"  {number}. " if len(ways) > 1 else "    ")
            yield from (f"       {line}" for line in lines)

    # Every claim, on demand.

    def _every_claim(self, plugin: PluginReport) -> Iterator[str]:
        yield ""
        yield f"  {counted(len(plugin.claims), 'claim')}:"
        for claim in plugin.claims:
            yield from self._one_claim(plugin, claim)

    def _one_claim(self, plugin: PluginReport, claim: Claim) -> Iterator[str]:
        color = {OK: GREEN, MISMATCH: RED, UNVERIFIED: YELLOW}.get(claim.status, YELLOW)
        status = self.pen.paint(claim.status.ljust(10), color)
        fact = claim.reason if claim.status == UNVERIFIED else claim.actual
        seen = self._seen(claim, plugin)
        text = f"{claim.subject} {claim.claim}{f': {fact}' if fact else ''}"
        yield f"  {status}  {text}{f'  ({seen})' if seen else ''}"


def causes(claims: Iterable[Claim]) -> list[tuple[Claim, list[Claim]]]:
    """Return each mismatch that explains itself, with the mismatches that it explains.

    A claim whose cause cannot be found among the mismatches is a problem of its own.
    """
    broken = [claim for claim in claims if claim.status == MISMATCH]
    causes_of: dict[Key, str | None] = {}
    for claim in broken:
        causes_of.setdefault(_key(claim), claim.cause)
        if claim.cause is None:
            causes_of[_key(claim)] = None
    roots = [_root(claim, causes_of) for claim in broken]
    problems: list[tuple[Claim, list[Claim]]] = [
        (claim, []) for claim, root in zip(broken, roots, strict=True) if root is None
    ]
    followers: dict[Key, list[Claim]] = {}
    for claim, consequences in problems:
        followers.setdefault(_key(claim), consequences)
    for claim, root in zip(broken, roots, strict=True):
        if root is not None:
            followers[root].append(claim)
    return problems


def _key(claim: Claim) -> Key:
    return claim.target, claim.subject


def _root(claim: Claim, causes_of: dict[Key, str | None]) -> Key | None:
    """Return the key at the end of a chain of causes; None if the claim stands for itself."""
    seen: set[Key] = set()
    subject = claim.cause
    while subject is not None:
        key = (claim.target, subject)
        if key not in causes_of or key in seen:
            return None
        seen.add(key)
        subject = causes_of[key]
        if subject is None:
            return key
    return None


def _picture(cause: Claim, consequences: list[Claim]) -> Picture | None:
    """Return the picture of a problem: its own, or that of the same struct in what follows."""
    pictures = [claim.picture for claim in (cause, *consequences) if claim.picture is not None]
    fitting = [each for each in pictures if f"{cause.subject}.".startswith(f"{each.subject}.")]
    return next(iter(fitting), None)


def sentence(text: str) -> str:
    """Return a clause as a sentence."""
    return f"{text[:1].upper()}{text[1:]}{'' if text[-1:] in '.?!…' else '.'}"


def where(origin: Origin, plugin_file: str) -> str:
    """Return a place in a file, such as "plugin.so+0x1267 .debug_info"."""
    file = origin.file
    if file == plugin_file:
        file = base_name(file)
    if origin.file_offset is not None:
        file = f"{file}+{origin.file_offset:#x}"
    return f"{file}{UNBROKEN}{origin.section}" if origin.section else file


def _unreadable(cause: str) -> str:
    return cause if cause.startswith("cannot be read") else f"cannot be read: {cause}"
