"""Measure what the generated guards take to check a plugin of five megabytes, and to load it.

    python benchmarks/guard.py        needs gcc, and cargo for the guard in Rust

The plugin is the tutorial's, with 20 000 further exports and 4 MB of data. Each figure is the
median of 500 calls within one process, after the first. Beside the guards stand `dlopen` and
`libloading`, which check nothing.
"""

from __future__ import annotations

import shutil
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
    static double check[500], load[500], bare[500];
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
    for (i = -1; fits && i < 500; i++) {
        void *library;
        before = now();
        library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        bare[i < 0 ? 0 : i] = now() - before;
        dlclose(library);
    }
    qsort(check, 500, sizeof *check, order);
    qsort(load, 500, sizeof *load, order);
    qsort(bare, 500, sizeof *bare, order);
    printf("check %.0f us, load %.0f us, dlopen alone %.0f us\\n%s", check[250], load[250],
           bare[250], message);
    return !fits;
}
"""


MANIFEST = """\
[package]
name = "measure"
version = "0.1.0"
edition = "2021"

[dependencies]
libloading = "0.8"
"""

MAIN = """\
#![allow(dead_code)]
mod greeter_host;
use std::time::{Duration, Instant};

fn median<T>(mut act: impl FnMut() -> T) -> u128 {
    let mut took: Vec<Duration> = (0..501)
        .map(|_| {
            let before = Instant::now();
            let kept = act();
            let took = before.elapsed();
            drop(kept);
            took
        })
        .skip(1)
        .collect();
    took.sort();
    took[250].as_micros()
}

fn main() {
    let path = std::env::args().nth(1).unwrap();
    let check = median(|| greeter_host::Plugin::check(&path).unwrap());
    let load = median(|| greeter_host::Plugin::load(&path).unwrap());
    let in_place = median(|| greeter_host::Plugin::load_in_place(&path).unwrap());
    let bare = median(|| unsafe { libloading::Library::new(&path).unwrap() });
    println!("check {check} us, load {load} us, in place {in_place} us");
    println!("libloading alone {bare} us");
}
"""


def run(*command: str | Path) -> str:
    """Run a command and return what it prints."""
    return subprocess.run(
        list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def measure_rust(folder: Path, plugin: Path) -> str:
    """Return what the guard in Rust takes, built for release."""
    if shutil.which("cargo") is None:
        return "cargo is not installed"
    project = folder / "measure"
    (project / "src").mkdir(parents=True)
    (project / "Cargo.toml").write_text(MANIFEST)
    (project / "src/main.rs").write_text(MAIN)
    for file in generate(parse_contract(str(ROOT / "schemas/greeter.toml")), "rust", host=True):
        (project / "src" / file.name).write_text(file.text)
    run("cargo", "build", "-q", "--release", "--manifest-path", project / "Cargo.toml")
    return run(project / "target/release/measure", plugin).strip()


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
            print(f"C, {how or 'from a copy':24}", run(folder / "host", plugin).strip())
        print(f"{'Rust':27}", measure_rust(folder, plugin))


if __name__ == "__main__":
    main()
