"""Contracts of real hosts against the hosts' own headers, where those are installed.

What the contract says is compared with what C says, and a plugin that is compiled with the
headers (`host_plugins/`) must keep the contract wholly, seen through its debug information.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import pytest

import abicheck
from abicheck.layout import lay_out
from abicheck.model.layout import EnumLayout, StructLayout
from abicheck.model.target import Target
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from abicheck.model.report import Claim

pytestmark = pytest.mark.oracle

HERE = Target(machine="x86_64", system="linux", environment="gnu")


class Host(NamedTuple):
    """How to ask a host's headers: preamble, flags, and C's names for the contract's types.

    `plugin` is the name that the host expects of a plugin's file.
    `macros` are C's constants and the parameter or number that repeats each. `prepare` is run
    first, in a folder of its own, `$PWD`.
    """

    schema: str
    plugin: str
    preamble: str
    flags: Sequence[str]
    types: Mapping[str, str]
    macros: Mapping[str, str | int] = MappingProxyType({})
    prepare: str = ":"


def pkg_config(*names: str) -> str:
    """Spell a shell's question for the flags of packages."""
    return f"$(pkg-config --cflags {' '.join(names)})"


NGINX = "/usr/share/nginx/src"
HOSTS = [
    Host(
        "apache-httpd",
        "mod_probe.so",
        "#include <httpd.h>\n#include <http_config.h>\n#include <ap_mmn.h>",
        ["-I$(apxs -q INCLUDEDIR)", "$(apr-1-config --cppflags --includes)"],
        {"Module": "module", "Command": "command_rec", "CommandArguments": "enum cmd_how"},
        macros={
            "MODULE_MAGIC_NUMBER_MAJOR": "mmn_major",
            "MODULE_MAGIC_NUMBER_MINOR": "mmn_minor",
            "MODULE_MAGIC_COOKIE": 0x41503234,
        },
    ),
    Host(
        "nginx",
        "ngx_probe_module.so",
        "#include <ngx_config.h>\n#include <ngx_core.h>",
        ["-Iobjects", *(f"-I{NGINX}/src/{folder}" for folder in ("core", "event", "os/unix"))],
        {"Module": "ngx_module_t", "Command": "ngx_command_t", "String": "ngx_str_t"},
        macros={"nginx_version": "nginx_version"},
        prepare=f"(to=$PWD/objects; cd {NGINX} && ./configure --without-http --builddir=$to)",
    ),
    Host(
        "xorg",
        "probe_drv.so",
        "#include <xorg-server.h>\n#include <xf86Module.h>",
        [pkg_config("xorg-server")],
        {"ModuleData": "XF86ModuleData", "VersionInfo": "XF86ModuleVersionInfo"},
        macros={
            "MODINFOSTRING1": 0xEF23FDC5,
            "MODINFOSTRING2": 0x10DC023A,
            "GET_ABI_MAJOR(ABI_VIDEODRV_VERSION)": "videodrv_major",
            "GET_ABI_MINOR(ABI_VIDEODRV_VERSION)": "videodrv_minor",
            "GET_ABI_MAJOR(ABI_XINPUT_VERSION)": "xinput_major",
            "GET_ABI_MINOR(ABI_XINPUT_VERSION)": "xinput_minor",
            "GET_ABI_MAJOR(ABI_EXTENSION_VERSION)": "extension_major",
            "GET_ABI_MINOR(ABI_EXTENSION_VERSION)": "extension_minor",
        },
    ),
    Host(
        "cpython-extension",
        "probe.cpython-311-x86_64-linux-gnu.so",
        "#include <Python.h>\n#if PY_VERSION_HEX >> 16 != 0x030b\n#error not 3.11\n#endif",
        [pkg_config("python-3.11")],
        {
            name: name
            for name in (
                "PyModuleDef",
                "PyModuleDef_Base",
                "PyModuleDef_Slot",
                "PyMethodDef",
                "PyObject",
            )
        },
    ),
    Host(
        "sqlite-extension",
        "probe.so",
        "#include <sqlite3ext.h>",
        [],
        {"Routines": "struct sqlite3_api_routines"},
    ),
    Host(
        "php",
        "probe.so",
        '#include "php.h"\n#include "zend_extensions.h"',
        ["$(php-config8.2 --includes)"],
        {
            "ModuleEntry": "zend_module_entry",
            "ZendVersionInfo": "zend_extension_version_info",
            "Result": "zend_result",
        },
        macros={"ZEND_MODULE_API_NO": "api", "ZEND_EXTENSION_API_NO": "zend_api"},
    ),
    Host(
        "nss",
        "libnss_probe.so.2",
        "#include <nss.h>\n#include <pwd.h>\n#include <grp.h>\n#include <netdb.h>",
        [],
        {
            "Passwd": "struct passwd",
            "Group": "struct group",
            "HostEntry": "struct hostent",
            "Status": "enum nss_status NSS_STATUS_",
        },
    ),
    Host(
        "postgresql",
        "probe.so",
        '#include "postgres.h"\n#include "fmgr.h"',
        ["-I$(pg_config --includedir-server)"],
        {"Magic": "Pg_magic_struct", "FunctionInfo": "Pg_finfo_record"},
        macros={
            "PG_VERSION_NUM / 100": "pg_version",
            "FUNC_MAX_ARGS": 100,
            "INDEX_MAX_KEYS": 32,
            "NAMEDATALEN": 64,
        },
    ),
    Host(
        "gstreamer",
        "libgstprobe.so",
        "#include <gst/gst.h>",
        [pkg_config("gstreamer-1.0")],
        {"Description": "GstPluginDesc"},
        macros={"GST_VERSION_MAJOR": 1, "GST_VERSION_MINOR": "minor"},
    ),
    Host(
        "ladspa",
        "probe.so",
        "#include <ladspa.h>",
        [],
        {"Descriptor": "LADSPA_Descriptor", "PortRangeHint": "LADSPA_PortRangeHint"},
    ),
    Host(
        "mariadb",
        "probe.so",
        "#include <mysql/plugin.h>",
        ["-I$(mariadb_config --variable=pkgincludedir)/server"],
        {"Description": "struct st_maria_plugin"},
        macros={"MARIA_PLUGIN_INTERFACE_VERSION & 255": "minor"},
    ),
    Host(
        "weechat",
        "probe.so",
        "#include <weechat/weechat-plugin.h>",
        [],
        {"Plugin": "struct t_weechat_plugin"},
    ),
    Host("lua", "probe.so", "#include <lua.h>", ["-I/usr/include/lua5.1"], {}),
    Host("pam", "pam_probe.so", "#include <security/pam_modules.h>", [], {}),
    Host(
        "node-api",
        "probe.node",
        "#include <node_api.h>",
        ["-I$(dirname $(dirname $(which node)))/include/node"],
        {},
    ),
]


def shell(command: str, folder: Path) -> bool:
    """Run a command in `folder`; return whether it succeeded."""
    done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, check=False)
    return done.returncode == 0


def prepare(host: Host, folder: Path) -> str:
    """Return the flags for a host's headers; skip the test where they are not installed."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    flags = " ".join(host.flags)
    (folder / "headers.c").write_text(host.preamble + "\n")
    if not shell(f"{host.prepare} && gcc -w -fsyntax-only headers.c {flags}", folder):
        pytest.skip(f"the headers of {host.schema} are not installed")
    return flags


def answers(host: Host, expressions: Sequence[str], folder: Path) -> list[int]:
    """Compile and run a program that prints one number for each expression."""
    flags = prepare(host, folder)
    prints = "\n".join(f'printf("%lld\\n", (long long)({each}));' for each in expressions)
    (folder / "probe.c").write_text(
        f"{host.preamble}\n#include <stddef.h>\n#include <stdio.h>\n#undef printf\n"
        f"int main(void) {{\n{prints}\nreturn 0;\n}}\n"
    )
    # Inline functions of some headers call the host, which is not linked and not called.
    link = "-Wl,--unresolved-symbols=ignore-all"
    assert shell(f"gcc -w {link} -o probe probe.c {flags} && ./probe > numbers", folder)
    return [int(line) for line in (folder / "numbers").read_text().split()]


def expectations(host: Host) -> list[tuple[str, int]]:
    """Return what the contract says, each with the C expression that says it too."""
    contract = abicheck.parse_contract(ROOT / "schemas" / f"{host.schema}.toml")
    layouts = lay_out(contract, HERE)
    said: list[tuple[str, int]] = []
    for name, in_c in host.types.items():
        match layouts.layout(name):
            case StructLayout() as struct:
                if struct.size is not None:
                    said.append((f"sizeof({in_c})", struct.size))
                said.extend(
                    (f"offsetof({in_c}, {field.name})", field.offset)
                    for field in struct.fields
                    if field.name is not None and field.offset is not None
                )
            case EnumLayout() as enum:
                prefix = in_c.split()[-1] if in_c.endswith("_") else ""
                said.append((f"sizeof({in_c.removesuffix(prefix)})", enum.size))
                said.extend((prefix + value, number) for value, number in enum.values)
            case other:
                pytest.fail(f"{name} is {other}")
    for macro, value in host.macros.items():
        number = (contract.parameters or {})[value] if isinstance(value, str) else value
        assert isinstance(number, int)
        said.append((macro, number))
    return said


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.schema)
def test_contract_says_what_the_headers_say(host: Host, tmp_path: Path) -> None:
    said = expectations(host)
    found = answers(host, [expression for expression, _ in said], tmp_path)
    assert dict(said) == dict(zip([expression for expression, _ in said], found, strict=True))


PLUGINS = Path(__file__).parent / "host_plugins"


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.schema)
def test_plugin_made_with_the_headers_keeps_the_contract(
    host: Host, compiler: str, tmp_path: Path
) -> None:
    flags = prepare(host, tmp_path)
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    source, named = PLUGINS / f"{host.schema}.c", f"-Wl,-soname,{host.plugin}"
    command = f"{compiler} -w -g -O1 -fPIC -shared {named} -o {host.plugin} {source} {flags}"
    assert shell(command, tmp_path)
    report = abicheck.verify(tmp_path / host.plugin, ROOT / "schemas" / f"{host.schema}.toml")
    unproved = [
        claim for claim in report.claims if claim.status != "ok" and not may_stay_open(claim)
    ]
    assert not unproved, "\n".join(map(str, unproved))


def may_stay_open(claim: Claim) -> bool:
    """Whether even a plugin with debug information cannot prove a claim."""
    behind_a_call = "()" in (claim.reason or "")
    return claim.status == "unverified" and (claim.claim == "convention" or behind_a_call)
