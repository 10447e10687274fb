"""What a producer's silence means."""

import pytest

from abicheck.evidence.dwarf.producers import states_alignment


@pytest.mark.parametrize(
    ("producer", "expected"),
    [
        ("GNU C17 12.2.0 -mtune=generic -march=x86-64 -g", True),
        ("GNU C++17 8.3.0 -g -O2", True),
        ("GNU C11 7.5.0 -g", False),
        ("GNU C17 12.2.0 -gdwarf-4 -gstrict-dwarf", False),
        ("Debian clang version 14.0.6", True),
        ("clang version 3.8.1 (tags/RELEASE_381/final)", False),
        ("clang LLVM (rustc version 1.95.0)", False),
        ("", False),
    ],
)
def test_silence_about_alignment_speaks_where_producers_always_write_it(
    producer: str, expected: bool
) -> None:
    assert states_alignment(producer) is expected
