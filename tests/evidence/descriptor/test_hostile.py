"""Damaged descriptors: whatever is wrong in one, no host is told that all is well, or nothing."""

from __future__ import annotations

import random
import struct
import time
from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck.model.report import UNVERIFIED, Report, Verdict
from tests.conftest import ROOT
from tests.evidence.descriptor.dump import dump, essence
from tests.evidence.descriptor.encoder import encode, header, note, record
from tests.evidence.descriptor.plugins import plugin, symbols_of, target_of

if TYPE_CHECKING:
    from pathlib import Path

    from abicheck.model.contract import Contract

SCHEMA = ROOT / "fixtures" / "descriptor" / "everything.toml"
MACHINES = ("x86_64", pytest.param("s390x", marks=pytest.mark.long))


class Subject:
    """A contract, its descriptor on one machine, and plugins with what was made of that."""

    def __init__(self, machine: str, folder: Path) -> None:
        self.machine, self.file = machine, folder / "plugin.so"
        self.contract: Contract = abicheck.parse_contract(SCHEMA)
        self.target = target_of(machine)
        self.content = encode(self.contract, self.target)
        self.symbols = symbols_of(self.contract, self.target)

    def verify(self, *notes: bytes) -> Report:
        self.file.write_bytes(plugin(self.machine, self.symbols, list(notes)))
        return abicheck.verify(self.file, self.contract)

    def of(self, *contents: bytes) -> Report:
        order = self.target.byte_order
        return self.verify(*(note(each, order) for each in contents))


@pytest.fixture(params=MACHINES)
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Subject:
    return Subject(request.param, tmp_path)


def reasons(report: Report) -> set[str]:
    return {claim.reason or "" for claim in report.claims if claim.status == UNVERIFIED}


def test_sound_descriptor_proves_everything(subject: Subject) -> None:
    report = subject.of(subject.content)
    assert report.verdict == Verdict.COMPATIBLE
    assert reasons(report) == set()


def test_descriptor_that_ends_early_proves_nothing(subject: Subject) -> None:
    for size in range(len(subject.content)):
        report = subject.of(subject.content[:size])
        assert report.verdict == Verdict.UNVERIFIED, size
        assert any("descriptor" in reason for reason in reasons(report)), size


@pytest.mark.parametrize(
    "mask",
    [
        pytest.param(0x01, marks=pytest.mark.long), pytest.param(0x80, marks=pytest.mark.long),
        0xFF, pytest.param(0x05, marks=pytest.mark.long),
    ],
    ids=hex,
)  # fmt: skip
def test_flipped_byte_never_passes_for_what_the_contract_says(subject: Subject, mask: int) -> None:
    sound = essence(dump(subject.content))
    for at in range(len(subject.content)):
        damaged = bytearray(subject.content)
        damaged[at] ^= mask
        report = subject.of(bytes(damaged))
        assert report.plugins[0].error is None, at
        if report.verdict == Verdict.COMPATIBLE:
            found = essence(dump(bytes(damaged)))
            assert found == sound, (at, subject.content[at - 24 : at + 8])


def worn(content: bytes, chance: random.Random) -> bytes:
    """Return a descriptor with some of its bytes changed, lost or repeated elsewhere."""
    worn = bytearray(content)
    for _ in range(chance.choice((1, 2, 3, 8, 40))):
        at, fault = chance.randrange(len(worn)), chance.randrange(4)
        if fault == 0:
            worn[at] = chance.randrange(256)
        elif fault == 1:
            worn[at : at + 2] = chance.randbytes(2)
        elif fault == 2:
            del worn[at : at + chance.randrange(1, 30)]
        else:
            worn[at:at] = worn[chance.randrange(len(worn)) :][: chance.randrange(1, 60)]
    return bytes(worn)


@pytest.mark.property
@pytest.mark.parametrize("seed", range(2))
def test_worn_descriptor_never_passes_for_what_the_contract_says(
    subject: Subject, seed: int
) -> None:
    sound, chance = essence(dump(subject.content)), random.Random(seed)
    for _ in range(1500):
        content = worn(subject.content, chance)
        begin = time.process_time()
        report = subject.of(content)
        assert time.process_time() - begin < 1
        assert report.plugins[0].error is None
        owners = [claim for claim in report.claims if claim.rule == "ownership-mismatch"]
        is_proved = all(claim.status == "ok" for claim in owners)
        if report.verdict == Verdict.COMPATIBLE and is_proved:
            assert essence(dump(content)) == sound


def test_flipped_size_is_told_under_its_own_name(subject: Subject) -> None:
    whole = struct.pack("<IIQHB", 16, 8, 0, 3, 0)
    at = subject.content.index(record(2, whole, "Entry"))
    damaged = bytearray(subject.content)
    damaged[at + 4] ^= 0x40
    told = {
        claim.subject for claim in subject.of(bytes(damaged)).claims if claim.status == "mismatch"
    }
    assert "structs.Entry" in told
    assert told <= {"structs.Entry", "exports.TABLE"}  # TABLE holds three of them.


def with_header(subject: Subject, at: int, value: int) -> bytes:
    damaged = bytearray(subject.content)
    damaged[at] = value
    return bytes(damaged)


@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        (0, 2, "newer than this reader"),
        (2, 4, "its header is 4 bytes long"),
        (4, 3, "its byte order is 3"),
        (5, 4, "of another build: pointers of 4 bytes"),
    ],
    ids=["a newer format", "a short header", "an unknown byte order", "other pointers"],
)
def test_strange_header_proves_nothing_and_says_why(
    subject: Subject, at: int, value: int, words: str
) -> None:
    report = subject.of(with_header(subject, at, value))
    assert report.verdict == Verdict.UNVERIFIED
    assert any(words in reason for reason in reasons(report))


def test_descriptor_of_the_other_byte_order_is_of_another_build(subject: Subject) -> None:
    report = subject.of(with_header(subject, 4, 3 - subject.content[4]))
    assert report.verdict == Verdict.UNVERIFIED
    assert any("another build" in reason for reason in reasons(report))


def test_newer_minor_format_with_more_records_and_longer_ones_is_read(subject: Subject) -> None:
    content = bytearray(subject.content)
    content[1] = 9
    count_at = 12 + 4 + 8
    count = struct.unpack_from("<H", content, count_at)[0]
    struct.pack_into("<H", content, count_at, count + 1)
    report = subject.of(bytes(content) + record(200, b"1234", "whatever"))
    assert report.verdict == Verdict.COMPATIBLE


def test_same_descriptor_twice_counts_once(subject: Subject) -> None:
    assert subject.of(subject.content, subject.content).verdict == Verdict.COMPATIBLE


def test_descriptors_of_one_contract_that_differ_prove_nothing(subject: Subject) -> None:
    other = subject.content.replace(b"tests, C", b"tests, X")
    report = subject.of(subject.content, other)
    assert report.verdict == Verdict.UNVERIFIED
    assert any("2 descriptors of everything that differ" in each for each in reasons(report))


def test_of_several_contracts_the_one_in_question_counts(subject: Subject) -> None:
    other = subject.content.replace(b"everything\0", b"another-one").replace(b"-one", b"-on\0")
    assert dump(other)["contract"][0] == "another-on"
    assert subject.of(other, subject.content).verdict == Verdict.COMPATIBLE
    assert subject.of(other).verdict == Verdict.COMPATIBLE  # The only one there is.


def test_several_other_contracts_prove_nothing(subject: Subject) -> None:
    others = [
        subject.content.replace(b"everything\0", name + b"\0")
        for name in (b"everythink", b"anything-x")
    ]
    report = subject.of(*others)
    assert report.verdict == Verdict.UNVERIFIED
    assert any("of other contracts: everythink, anything-x" in each for each in reasons(report))


def test_padding_between_notes_and_foreign_notes_are_passed_over(subject: Subject) -> None:
    order = "<" if subject.target.byte_order == "little" else ">"
    foreign = struct.pack(f"{order}III", 4, 4, 3) + b"GNU\0\1\2\3\4"
    own = note(subject.content, subject.target.byte_order)
    assert subject.verify(foreign, own, foreign).verdict == Verdict.COMPATIBLE


@pytest.mark.parametrize(
    "text",
    [
        "fn(", "fn(c_int", "*mut", "", "[u8; 4", "fn(c_int,)", "Option<u8>", "u32 u32", "(" * 9000,
        "*const " * 5000 + "u8", "[" * 400 + "u8" + "]" * 400, "[u8; 99999999999999999999]",
    ],
    ids=lambda text: text[:12] or "nothing",
)  # fmt: skip
def test_type_that_cannot_be_read_proves_nothing(subject: Subject, text: str) -> None:
    records = [
        record(2, struct.pack("<IIQHB", 4, 4, 0, 1, 0), "Plugin"),
        record(5, struct.pack("<IIBBQ", 0, 4, 1, 1, 0), "size", text, ""),
    ]
    first = record(1, struct.pack("<QH", 0, 2), "everything", "1.2", "")
    report = subject.of(header(subject.target) + first + b"".join(records))
    assert report.verdict == Verdict.UNVERIFIED
    assert any("no type" in each or "no NUL" in each for each in reasons(report))


def test_structs_that_hold_each_other_by_value_end(subject: Subject) -> None:
    def held(name: str, other: str) -> list[bytes]:
        return [
            record(2, struct.pack("<IIQHB", 8, 8, 0, 1, 2), name),
            record(5, struct.pack("<IIBBQ", 0, 8, 7, 1, 0), "inner", other, ""),
        ]

    records = [*held("Plugin", "Entry"), *held("Entry", "Plugin")]
    load = record(9, struct.pack("<BQ", 1, 0), "load", "fn(Entry, Plugin) -> *mut Plugin", "")
    first = record(1, struct.pack("<QH", 0, 5), "everything", "1.2", "")
    report = subject.of(header(subject.target) + first + b"".join([*records, load]))
    assert report.verdict in {Verdict.UNVERIFIED, Verdict.INCOMPATIBLE}


def test_sixty_thousand_records_are_answered_in_time(subject: Subject) -> None:
    fields = [
        record(5, struct.pack("<IIBBQ", 4 * at, 4, 1, 1, 0), f"f{at}", "u32", "")
        for at in range(60_000)
    ]
    whole = record(2, struct.pack("<IIQHB", 240_000, 4, 0, 60_000, 0), "Plugin")
    first = record(1, struct.pack("<QH", 0, 60_001), "everything", "1.2", "")
    begin = time.process_time()
    report = subject.of(header(subject.target) + first + whole + b"".join(fields))
    assert report.verdict in {Verdict.UNVERIFIED, Verdict.INCOMPATIBLE}
    assert time.process_time() - begin < 6


def test_many_large_samples_are_answered_in_time(subject: Subject) -> None:
    size = 60_000
    sample = bytes(size - 1) + b"\1"
    fields = [
        record(6, struct.pack("<IIIQ", 1, size, 0, 0), f"f{at}", "u32", more=sample)
        for at in range(300)
    ]
    whole = record(2, struct.pack("<IIQHB", size, 4, 0, len(fields), 0), "Plugin")
    first = record(1, struct.pack("<QH", 0, len(fields) + 1), "everything", "1.2", "")
    begin = time.process_time()
    subject.of(header(subject.target) + first + whole + b"".join(fields))
    assert time.process_time() - begin < 4
