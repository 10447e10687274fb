"""A symbol version names the release that first had it, in one way or another."""

import pytest

from abicheck.rules.symbol_versions import family_of, release_of


@pytest.mark.parametrize(
    ("version", "family", "release"),
    [
        ("GLIBC_2.2.5", "GLIBC", (2, 2, 5)),
        ("GLIBC_2.36", "GLIBC", (2, 36)),
        ("GLIBC_ABI_DT_RELR", "GLIBC", (2, 36)),
        ("GLIBC_ABI_GNU2_TLS", "GLIBC", (2, 42)),
        ("GLIBC_ABI_NEVER_HEARD_OF", "GLIBC", None),
        ("SAMBA_4.17.12_DEBIAN_SAMBA4", "SAMBA", (4, 17, 12)),
        ("SAMBA_UTIL_0.0.1", "SAMBA", (0, 0, 1)),
        ("GLIBCXX_LDBL_3.4.29", "GLIBCXX", (3, 4, 29)),
        ("Qt_6_PRIVATE_API", "Qt", (6,)),
        ("CXXABI_TM_1", "CXXABI", (1,)),
        ("CXXABI_FLOAT128", "CXXABI", None),
    ],
)
def test_release_is_read_from_the_version(
    version: str, family: str, release: tuple[int, ...] | None
) -> None:
    assert release_of(version, family) == release


@pytest.mark.parametrize(
    ("version", "families", "family"),
    [
        ("GLIBCXX_3.4", ["GLIBC", "GLIBCXX"], "GLIBCXX"),
        ("SAMBA_UTIL_0.0.1", ["SAMBA", "SAMBA_UTIL"], "SAMBA_UTIL"),
        ("SAMBA_4.17.12", ["SAMBA", "SAMBA_UTIL"], "SAMBA"),
        ("OPENSSL_3.0.0", ["GLIBC"], None),
    ],
)
def test_longest_family_takes_the_version(
    version: str, families: list[str], family: str | None
) -> None:
    assert family_of(version, families) == family
