"""Measure what the generated guard for C takes to check a plugin of five megabytes, and to load it.

    python benchmarks/guard.py        needs gcc

The plugin is the tutorial's, with 20 000 further exports and 4 MB of data. Each figure is the
median of 500 calls within one process, after the first.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from abicheck import parse_contract  # noqa: E402
from abicheck.generation import generate  # noqa: E402

EXPORTS, DATA = 20_000, 4_000_000

PROGRAM = """\
#define GREETER_HOST_IMPLEMENTATION
#include "greeter_host.h"
#include <time.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static int order(const void *one, const void *other)
{
    const double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
    static double check[500], load[500];
    greeter_plugin plugin;
    char message[400] = "";
    double before;
    int i, fits = argc == 2;
    for (i = -1; fits && i < 500; i++) {
        before = now();
        fits = greeter_plugin_check(argv[1], message, sizeof message);
        check[i < 0 ? 0 : i] = now() - before;
    }
    for (i = -1; fits && i < 500; i++) {
        before = now();
        fits = greeter_plugin_load(argv[1], &plugin, message, sizeof message);
        load[i < 0 ? 0 : i] = now() - before;
        if (fits)
            greeter_plugin_unload(&plugin);
    }
    qsort(check, 500, sizeof *check, order);
    qsort(load, 500, sizeof *load, order);
    printf("check %.0f us, load %.0f us %s\\n", check[250], load[250], message);
    return !fits;
}
"""


def run(*command: str | Path) -> str:
    """Run a command and return what it prints."""
    return subprocess.run(
        list(map(str, command)), check=True, capture_output=True, text=True
    ).stdout


def main() -> None:
    """Build the plugin and two hosts, and print their figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in generate(parse_contract(str(ROOT / "schemas/greeter.toml")), "c", host=True):
            (folder / file.name).write_text(file.text)
        (folder / "host.c").write_text(PROGRAM)
        functions = "".join(f"int filler_{i}(void) {{ return {i}; }}\n" for i in range(EXPORTS))
        data = f"unsigned char filling[{DATA}] = {{1}};\n"
        (folder / "filler.c").write_text(functions + data)
        source = ROOT / "fixtures/tutorial/c/plugin.c"
        plugin = folder / "libgreeter.so"
        flags = ["-O1", f"-I{folder}"]
        run("gcc", *flags, "-shared", "-fPIC", "-s", source, folder / "filler.c", "-o", plugin)
        print(f"{plugin.stat().st_size / 1e6:.1f} MB, {EXPORTS} exports")
        for how in ("", "-DGREETER_LOAD_BY_PATH"):
            run("gcc", *flags, *([how] if how else []), folder / "host.c", "-o", folder / "host")
            print(f"{how or 'from a copy':24}", run(folder / "host", plugin).strip())


if __name__ == "__main__":
    main()
