"""Real calls into plugins that a compiler made: what arrives there, and what comes back."""

from __future__ import annotations

import array
import ctypes
import gc
import os
import shutil
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from abicheck.errors import (
    ArgumentRangeError,
    ArgumentTypeError,
    ArgumentValueError,
    BrokenPromise,
    DoubleFree,
    LifetimeError,
    OwnershipError,
    PluginRefused,
    PluginUnloaded,
    UncallableError,
    UseAfterFree,
)
from abicheck.runtime.plugin import Plugin
from tests.conftest import ROOT
from tests.runtime.opening import on_linux, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from abicheck.runtime.views import Text

pytestmark = [pytest.mark.oracle, on_linux]
SOURCES = ROOT / "tests" / "oracle" / "access"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the plugin that has one function for each way a value can travel."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    output = tmp_path_factory.mktemp("access") / "libeverything.so"
    flags = ["-g", "-O1", "-shared", "-fPIC", "-pthread"]
    subprocess.run(["gcc", *flags, str(SOURCES / "everything.c"), "-o", str(output)], check=True)
    return output


def made(library: Path) -> Plugin:
    """Return a plugin of its own, verified and loaded."""
    loaded = opened(library, SOURCES / "everything.toml")
    return Plugin(loaded.binding, loaded.layouts, loaded.image, loaded.report)


@pytest.fixture(scope="module")
def shared(library: Path) -> Plugin:
    """Return the one plugin that all tests of values call."""
    return made(library)


@pytest.fixture
def plugin(shared: Plugin) -> Iterator[Plugin]:
    """Return it, and see to it that nothing that it owns stays alive."""
    before = shared.count_living()
    yield shared
    gc.collect()
    assert shared.count_living() == before


# Scalars.


@pytest.mark.parametrize(
    ("name", "argument", "result"),
    [
        ("next_i8", -128, -127),
        ("next_u16", 65534, 65535),
        ("next_u64", 2**64 - 2, 2**64 - 1),
        ("half_f32", 5.0, 2.5),
        ("half_f32", 5, 2.5),
        ("half", 1e300, 5e299),
        ("half_long", 3.0, 1.5),
        ("negate", True, False),
        ("upper", b"a", b"A"),
        ("upper", 98, b"B"),
    ],
)
def test_scalars_arrive_and_come_back(
    plugin: Plugin, name: str, argument: object, result: object
) -> None:
    assert plugin[name](argument) == result


@pytest.mark.parametrize(
    ("name", "argument", "error"),
    [
        ("next_i8", 128, ArgumentRangeError),
        ("next_i8", -129, OverflowError),
        ("next_u16", -1, ArgumentRangeError),
        ("next_u64", 2**64, ArgumentRangeError),
        ("next_i8", 1.0, ArgumentTypeError),
        ("next_i8", None, TypeError),
        ("next_i8", "1", ArgumentTypeError),
        ("half_f32", 1e39, ArgumentRangeError),
        ("half", "1", ArgumentTypeError),
        ("half", 10**400, ArgumentRangeError),
        ("negate", 1, ArgumentTypeError),
        ("upper", b"ab", ValueError),
        ("upper", "a", ArgumentTypeError),
        ("upper", 256, ArgumentRangeError),
        ("next_mode", 2**31, ArgumentRangeError),
        ("flip", 5, ArgumentValueError),
        ("deref", None, ArgumentTypeError),
        ("say", "text", ArgumentTypeError),
        ("say", b"nul\0inside", ArgumentValueError),
        ("sum_aligned", b"bytes", ArgumentTypeError),
        ("fill_bytes", (b"constant", 8), ArgumentTypeError),
        ("get_count", ([1],), ArgumentTypeError),
        ("set_log", 5, ArgumentTypeError),
        ("set_log", lambda _level: None, ArgumentTypeError),
        ("call_back", (lambda: 1, 1), ArgumentTypeError),
        ("call_back", (None, 1), ArgumentTypeError),
    ],
)
def test_what_does_not_fit_is_refused_before_the_call(
    plugin: Plugin, name: str, argument: object, error: type[Exception]
) -> None:
    arguments = argument if isinstance(argument, tuple) else (argument,)
    with pytest.raises(error, match=rf"{name}: argument 1"):
        plugin[name](*arguments)


def test_a_wrong_count_of_arguments_is_refused(plugin: Plugin) -> None:
    with pytest.raises(TypeError, match="add"):
        plugin.add(1)
    with pytest.raises(TypeError, match="add"):
        plugin.add(1, 2, 3)


def test_arguments_are_passed_by_name_too(plugin: Plugin) -> None:
    assert plugin.add(b=2, a=40) == 42


def test_messages_name_function_argument_and_types(plugin: Plugin) -> None:
    with pytest.raises(ArgumentTypeError) as caught:
        plugin.add(1, "2")
    assert str(caught.value) == "add: argument 2 (b): expected c_int, got str '2'"


# Enums.


def test_enums_are_int_enums(plugin: Plugin) -> None:
    assert plugin.next_mode(plugin.Mode.Off) is plugin.Mode.On


def test_an_open_enum_may_have_values_without_a_name(plugin: Plugin) -> None:
    found = plugin.next_mode(plugin.Mode.Auto)
    assert isinstance(found, plugin.Mode)
    assert found == 3
    assert plugin.next_mode(found) == 4


def test_a_closed_enum_may_not(plugin: Plugin) -> None:
    with pytest.raises(BrokenPromise, match="Level is closed"):
        plugin.flip(plugin.Level.Low)


def test_a_member_of_another_enum_is_refused(plugin: Plugin) -> None:
    with pytest.raises(ArgumentTypeError):
        plugin.next_mode(plugin.Level.High)


# Structs.


def test_the_plugin_reads_what_python_wrote(plugin: Plugin) -> None:
    config = plugin.Config(struct_size=7, mode=5, shift=-2, policy=plugin.Mode.On, number=3)
    config.name = b"four"
    config.corners[1].y = 9
    config.title = b"A title"
    config.big = 11 << 64
    expected = 7 + 50 - 200 + 1000 + 3 + 400000 + 9000000 + ord("A") + 11
    assert plugin.sum_config(config) == expected


def test_python_reads_what_the_plugin_wrote(plugin: Plugin) -> None:
    config = plugin.Config()
    plugin.fill_config(config)
    assert (config.struct_size, config.mode, config.shift) == (5, 6, -3)
    assert config.policy is plugin.Mode.Auto
    assert config.real == 0.5
    assert config.name.value == b"filled"
    assert [(each.x, each.y) for each in config.corners] == [(1, 2), (3, 4)]
    assert config.title.value == b"a title"
    assert config.big == -(1 << 100)


def test_a_bit_field_changes_no_neighbour(plugin: Plugin) -> None:
    config = plugin.Config()
    plugin.fill_config(config)
    config.mode = 1
    assert (config.struct_size, config.mode, config.shift) == (5, 1, -3)


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("mode", 8, ArgumentRangeError),
        ("shift", 16, ArgumentRangeError),
        ("struct_size", -1, ArgumentRangeError),
        ("name", b"x" * 33, ArgumentRangeError),
        ("name", "text", ArgumentTypeError),
        ("corners", [1], ArgumentTypeError),
        ("title", 5, ArgumentTypeError),
        ("big", 2**127, ArgumentRangeError),
    ],
)
def test_what_does_not_fit_a_field_is_refused(
    plugin: Plugin, field: str, value: object, error: type[Exception]
) -> None:
    config = plugin.Config()
    with pytest.raises(error, match=rf"Config\.{field}"):
        setattr(config, field, value)
    with pytest.raises(error, match=rf"Config\.{field}"):
        plugin.Config(**{field: value})


def test_a_field_that_is_none_is_refused(plugin: Plugin) -> None:
    with pytest.raises(ArgumentTypeError, match="no field 'colour'"):
        plugin.Config(colour=1)


def test_packed_aligned_and_partial_structs(plugin: Plugin) -> None:
    assert plugin.sum_packed(plugin.Packed(a=1, b=2, c=3, d=0.5)) == 6.5
    assert plugin.sum_packed2(plugin.Packed2(a=1, b=2, c=2**40)) == 3 + 2**40
    assert all(plugin.sum_aligned(plugin.Aligned(a=1, b=b"\x02")) == 3 for _ in range(10))
    module = plugin.get_module()
    assert (module.version, module.magic) == (3, 0x1234)


def test_unions_share_their_place(plugin: Plugin) -> None:
    payload = plugin.Payload(f=1.5)
    assert plugin.payload_real(payload) == 1.5
    assert payload.i == 0x3FF8000000000000
    assert bytes(payload.bytes)[:8] == (0x3FF8000000000000).to_bytes(8, "little")


def test_flexible_arrays(plugin: Plugin) -> None:
    packet = plugin.Packet(3, length=3, items=[1, 2, 30])
    assert plugin.sum_packet(packet) == 33
    assert list(packet.items)[:3] == [1, 2, 30]
    with pytest.raises(ArgumentRangeError):
        packet.items = range(100)


def test_linked_structs_keep_each_other_alive(plugin: Plugin) -> None:
    head = plugin.Node(value=1, next=plugin.Node(value=2, next=plugin.Node(value=3)))
    gc.collect()
    assert plugin.sum_nodes(head) == 6
    assert head.next.next.value == 3
    assert head.next.next.next is None


# By value.


def test_structs_travel_by_value(plugin: Plugin) -> None:
    swapped = plugin.swap(plugin.Point(x=1, y=2))
    assert (swapped.x, swapped.y) == (2, 1)
    scaled = plugin.scale(plugin.Pair32(x=1.5, y=2.5), 2)
    assert (scaled.x, scaled.y) == (3.0, 5.0)
    mixed = plugin.mix(plugin.Mixed(d=1.5, i=6), 2, plugin.Mixed(d=2.0, i=7))
    assert (mixed.d, mixed.i) == (5.5, 42)
    assert list(plugin.reverse(10, plugin.Large(v=[1, 2, 3, 4])).v) == [4, 3, 2, 11]
    nested = plugin.bump(plugin.Nested(p=plugin.Point(x=1, y=2), b=[1, 2, 3], f=1.5))
    assert (nested.p.x, nested.p.y, list(nested.b), nested.f) == (2, 2, [1, 2, 8], 3.0)
    assert plugin.next_handle(plugin.Handle(value=1)).value == 2


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("take_bits", "bit-fields"),
        ("take_union", "no unions by value"),
        ("take_packed", "cannot pass by value"),
        ("wide", "128-bit"),
    ],
)
def test_what_ctypes_would_pass_wrongly_is_refused(plugin: Plugin, name: str, reason: str) -> None:
    with pytest.raises(UncallableError, match=reason):
        plugin[name](0)


# Pointers.


def test_out_parameters(plugin: Plugin) -> None:
    count = plugin.new("c_int", 1)
    plugin.get_count(count)
    assert count.value == 42
    other = ctypes.c_int()
    plugin.get_count(other)
    assert other.value == 42


def test_arrays_are_passed_as_lists_buffers_and_views(plugin: Plugin) -> None:
    assert plugin.sum_ints([1, 2, 3], 3) == 6
    assert plugin.sum_ints(array.array("i", [4, 5]), 2) == 9
    assert plugin.sum_ints((ctypes.c_int * 2)(6, 7), 2) == 13
    assert plugin.sum_ints(plugin.new("[c_int; 2]", [8, 9]), 2) == 17
    with pytest.raises(ArgumentTypeError):
        plugin.sum_ints(array.array("q", [1]), 1)
    with pytest.raises(ArgumentTypeError):
        plugin.sum_ints(array.array("f", [1]), 1)


def test_buffers_are_written_to(plugin: Plugin) -> None:
    buffer = bytearray(4)
    plugin.fill_bytes(buffer, 3)
    assert buffer == b"\7\7\7\0"
    text = plugin.new("[c_char; 32]")
    assert plugin.fill_text(text, 32) == 7
    assert text.value == b"written"
    with pytest.raises(ArgumentTypeError):
        plugin.fill_bytes(memoryview(b"constant"), 1)


def test_a_list_of_strings(plugin: Plugin) -> None:
    assert plugin.count_words([b"one", b"three", b""], 3) == 8


def test_null_is_none_and_never_where_it_must_not_be(plugin: Plugin) -> None:
    assert plugin.no_text() is None
    assert plugin.make_nothing() is None
    with pytest.raises(BrokenPromise, match="NULL"):
        plugin.no_promise()


def test_variable_arguments_are_promoted(plugin: Plugin) -> None:
    assert plugin.sum_all(b"idsq", 1, 2.5, b"four", ctypes.c_longlong(2**30)) == 7 + 2**30
    assert plugin.sum_all(b"id", 1, ctypes.c_float(2.5)) == 3
    with pytest.raises(ArgumentRangeError, match="argument 2"):
        plugin.sum_all(b"q", 2**40)
    with pytest.raises(ArgumentTypeError):
        plugin.sum_all(b"s", "text")


# Data.


def test_data_is_as_it_is_now(plugin: Plugin) -> None:
    plugin.counter = 17
    assert plugin.counter == 17
    assert plugin.exports["counter"] == 17
    assert plugin.motto.value == b"motto"
    assert [(each.x, each.y) for each in plugin.points] == [(1, 2), (3, 4), (5, 6)]
    with pytest.raises(ArgumentTypeError, match="static mut"):
        plugin.constant = 5
    with pytest.raises(ArgumentTypeError, match="no data"):
        plugin.colour = 5


def test_names_of_the_plugin_class_stay_reachable(plugin: Plugin) -> None:
    assert plugin["unload"]() == 99
    assert plugin.absent is None


# Ownership.


def test_an_owned_handle_is_freed_once(plugin: Plugin) -> None:
    before = plugin.count_living()
    with plugin.make_box(5) as box:
        assert plugin.count_living() == before + 1
        assert box.own.value == 5
    assert plugin.count_living() == before
    with pytest.raises(DoubleFree):
        box.free()
    with pytest.raises(DoubleFree):
        plugin.free_box(box)
    assert plugin.count_living() == before


def test_what_was_freed_cannot_be_used(plugin: Plugin) -> None:
    box = plugin.make_box(5)
    inner, own, describe = box.inner, box.own, box.describe
    peeked = plugin.peek(box)
    label = box.label(box)
    assert (inner.value, own.value, peeked.value, label.value) == (5, 5, 5, b"label")
    box.free()
    for use in (
        lambda: box.own,
        lambda: inner.value,
        lambda: own.value,
        lambda: peeked.value,
        lambda: label.value,
        lambda: describe(box),
        lambda: plugin.peek(box),
        lambda: setattr(own, "value", 1),
        lambda: bytes(label),
    ):
        with pytest.raises(UseAfterFree):
            use()


def test_what_is_borrowed_keeps_its_owner_alive(plugin: Plugin) -> None:
    inner = plugin.peek(plugin.make_box(6))
    gc.collect()
    assert inner.value == 6
    with pytest.warns(ResourceWarning, match="make_box"):
        del inner


def test_a_slot_returns_what_is_owned(plugin: Plugin) -> None:
    with plugin.make_box(7) as box:
        with box.describe(box) as text:
            assert text.value == b"box of 7"
        with pytest.raises(UseAfterFree):
            bytes(text)


def test_a_leak_is_freed_with_a_warning(plugin: Plugin) -> None:
    before = plugin.count_living()
    with pytest.warns(ResourceWarning, match="make_box"):
        plugin.make_box(1)
    assert plugin.count_living() == before


def test_the_export_that_frees_takes_a_handle_over(plugin: Plugin) -> None:
    box = plugin.make_box(1)
    plugin.free_box(box)
    with pytest.raises(UseAfterFree):
        _ = box.own
    plugin.free_box(None)


@pytest.mark.parametrize("kind", ["borrowed", "of Python", "of another"])
def test_what_is_not_the_callers_is_not_freed(plugin: Plugin, kind: str) -> None:
    with plugin.make_secret() as secret, plugin.make_box(1) as box:
        makers: dict[str, Callable[[], object]] = {
            "borrowed": lambda: plugin.free_text(box.label(box)),
            "of Python": lambda: plugin.free_box(plugin.Box()),
            "of another": lambda: plugin.free_anything(secret),
        }
        with pytest.raises(OwnershipError):
            makers[kind]()


def test_a_string_of_python_is_not_freed_by_the_plugin(plugin: Plugin) -> None:
    config = plugin.Config(title=b"Python's")
    with pytest.raises(OwnershipError, match="Python's"):
        plugin.free_text(config.title)
    assert config.title.value == b"Python's"


def test_what_nobody_said_can_be_freed_by_hand_once(plugin: Plugin) -> None:
    box = plugin.unsaid_box()
    own = box.own
    plugin.free_box(box)
    with pytest.raises(DoubleFree):
        plugin.free_box(box)
    with pytest.raises(UseAfterFree):
        _ = own.value


def test_opaque_and_untyped_pointers_are_owned_too(plugin: Plugin) -> None:
    with plugin.make_secret() as secret:
        assert plugin.read_secret(secret) == 77
        with pytest.raises(OwnershipError, match="free_secret"):
            plugin.free_box(secret)
    with plugin.make_anything() as thing:
        assert thing == thing  # noqa: PLR0124 (a pointer equals itself)


def free_together(
    free: Callable[[], None], barrier: threading.Barrier, outcomes: list[bool]
) -> None:
    barrier.wait()
    try:
        free()
    except DoubleFree:
        outcomes.append(False)
    else:
        outcomes.append(True)


def test_threads_free_once(plugin: Plugin) -> None:
    for _ in range(50):
        box = plugin.make_box(1)
        outcomes: list[bool] = []
        barrier = threading.Barrier(4)

        arguments = (box.free, barrier, outcomes)
        threads = [threading.Thread(target=free_together, args=arguments) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert sorted(outcomes) == [False, False, False, True]


@pytest.mark.parametrize("how", [1, 2])
def test_a_bad_slot_refuses_what_has_it_and_frees_it(plugin: Plugin, how: int) -> None:
    before = plugin.count_living()
    with pytest.raises(PluginRefused, match=r"Box\.describe") as caught:
        plugin.make_bad_box(how)
    assert plugin.count_living() == before
    assert caught.value.report.verdict.value == "incompatible"


# Callbacks.


def test_callbacks_receive_and_return(plugin: Plugin) -> None:
    values = plugin.new("[c_int; 4]", [3, 1, 4, 2])
    plugin.sort_ints(values, 4, lambda a, b: a.value - b.value)
    assert list(values) == [1, 2, 3, 4]
    assert plugin.call_back(lambda x: x * 10, 4) == 40
    assert plugin.call_real(lambda x, p: x + p.x * p.y, 0.5) == 12.5
    assert plugin.call_mode(lambda mode: plugin.Mode(mode - 1)) is plugin.Mode.On
    assert plugin.call_text(lambda: b"from Python").value == b"from Python"


def test_a_kept_callback_lives_on(plugin: Plugin) -> None:
    heard: list[tuple[int, bytes]] = []
    plugin.set_log(lambda level, message: heard.append((level, message.value)))
    gc.collect()
    plugin.say(b"one")
    plugin.say_in_thread(b"two")
    assert heard == [(3, b"one"), (3, b"two")]
    plugin.set_log(None)


def test_an_exception_in_a_callback_is_reported_and_goes_no_further(
    plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda each: reported.append(each.exc_value))
    failure = ValueError("no")

    def fail(_x: int) -> int:
        raise failure

    assert plugin.call_back(fail, 5) == 0
    assert reported == [failure]
    assert plugin.call_back(lambda _x: "text", 5) == 0
    assert isinstance(reported[1], ArgumentTypeError)


def test_the_same_function_is_the_same_callback(plugin: Plugin) -> None:
    class Host:
        def log(self, level: int, message: Text) -> None:
            pass

    host = Host()
    plugin.set_log(host.log)
    first = plugin.callback("Log", host.log)
    assert all(plugin.callback("Log", host.log) is first for _ in range(10))
    plugin.set_log(None)


def test_a_released_callback_does_nothing_and_says_so(
    plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda each: reported.append(each.exc_value))
    with plugin.callback("Log", lambda _level, _message: None) as log:
        plugin.set_log(log)
        plugin.say(b"heard")
    plugin.say(b"not heard")
    plugin.set_log(None)
    assert [type(each) for each in reported] == [LifetimeError]


def test_functions_of_the_plugin_can_be_passed_back(plugin: Plugin) -> None:
    twice = plugin.get_twice()
    assert twice(4) == 8
    assert plugin.call_back(twice, 4) == 8
    assert plugin.get_null() is None
    with pytest.raises(ArgumentTypeError):
        plugin.set_log(twice)


def test_structs_of_callbacks(plugin: Plugin) -> None:
    heard = []
    hooks = plugin.Hooks(filter=lambda value: value + 1)
    assert hooks.log is None
    assert plugin.run_hooks(hooks) == 21
    hooks.log = lambda _level, message: heard.append(message.value)
    assert plugin.run_hooks(hooks) == 21
    assert heard == [b"hook"]
    assert hooks.filter(1) == 2
    assert plugin.exported_hooks.filter(4) == 8


def test_a_slot_that_must_be_filled_is_not_passed_empty(plugin: Plugin) -> None:
    with pytest.raises(ArgumentValueError, match=r"run_hooks: argument 1 .*Hooks\.filter is NULL"):
        plugin.run_hooks(plugin.Hooks())
    plugin.free_box(None)
    assert plugin.run_hooks(plugin.Hooks(filter=lambda value: value)) == 20


# Lifetime and threads.


def test_calls_from_several_threads_run_at_the_same_time(plugin: Plugin) -> None:
    threads = [threading.Thread(target=plugin.nap, args=(200,)) for _ in range(4)]
    start = time.monotonic()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert time.monotonic() - start < 0.7


def test_after_unloading_everything_raises(library: Path) -> None:
    plugin = made(library)
    add, box, text = plugin.add, plugin.make_box(1), plugin.static_text()
    unsaid, point, points = plugin.unsaid_box(), plugin.Point(x=1), plugin.points
    twice, slot, own = plugin.get_twice(), box.describe, box.own
    with pytest.warns(ResourceWarning, match="make_box"):
        plugin.unload()
    for use in (
        lambda: add(1, 2),
        lambda: plugin.add,
        lambda: plugin.counter,
        lambda: plugin.exports["add"],
        lambda: setattr(plugin, "counter", 1),
        lambda: box.own,
        lambda: own.value,
        box.free,
        lambda: text.value,
        lambda: unsaid.own,
        lambda: point.x,
        lambda: points[0],
        lambda: twice(1),
        lambda: slot(box),
    ):
        with pytest.raises(PluginUnloaded):
            use()
    assert not plugin.is_loaded


def test_a_plugin_cannot_be_unloaded_from_within(library: Path) -> None:
    plugin = made(library)
    caught: list[Exception] = []

    def unload(_level: int, _message: object) -> None:
        try:
            plugin.unload()
        except LifetimeError as error:
            caught.append(error)

    plugin.set_log(unload)
    plugin.say(b"now")
    assert len(caught) == 1
    assert plugin.add(1, 2) == 3


def test_a_plugin_is_not_unloaded_under_a_thread(library: Path) -> None:
    plugin = made(library)
    thread = threading.Thread(target=plugin.nap, args=(500,))
    thread.start()
    time.sleep(0.1)
    with pytest.raises(LifetimeError, match="while a thread is in"):
        plugin.unload()
    assert plugin.add(1, 2) == 3
    thread.join()
    plugin.unload()
    assert not plugin.is_loaded


def test_leaving_the_block_ends_the_handle_alone(library: Path) -> None:
    plugin = made(library)
    with plugin as entered:
        box = entered.make_box(3)
        add = entered.add
    with pytest.raises(LifetimeError, match="ended"):
        _ = plugin.add
    assert add(1, 2) == 3
    with box:
        assert box.own.value == 3


def test_a_child_of_fork_leaves_what_is_leaked_to_its_parent(plugin: Plugin) -> None:
    with plugin.make_box(1) as box:
        child = os.fork()
        if child == 0:
            before = plugin.count_living()
            del box
            gc.collect()
            os._exit(0 if plugin.count_living() == before else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


EXIT = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.runtime.opening import opened
from abicheck.runtime.plugin import Plugin
loaded = opened({library!r}, Path({contract!r}))
plugin = Plugin(loaded.binding, loaded.layouts, loaded.image, loaded.report)
box = plugin.make_box(1)
text = box.describe(box)
"""


def test_what_is_leaked_at_exit_is_freed_the_youngest_first(library: Path) -> None:
    contract = str(SOURCES / "everything.toml")
    code = EXIT.format(root=str(ROOT), library=str(library), contract=contract)
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if "ResourceWarning: what" in line]
    assert ["describe" in line for line in warnings] == [True, False]


# Rust.


@pytest.fixture(scope="module")
def rust(tmp_path_factory: pytest.TempPathFactory) -> Plugin:
    """Compile and load a plugin in Rust."""
    if shutil.which("rustc") is None:
        pytest.skip("rustc is not installed")
    output = tmp_path_factory.mktemp("rust") / "librust_side.so"
    flags = ["--edition", "2021", "-g", "--crate-type", "cdylib"]
    subprocess.run(["rustc", *flags, str(SOURCES / "rust_side.rs"), "-o", str(output)], check=True)
    loaded = opened(output, SOURCES / "rust_side.toml")
    return Plugin(loaded.binding, loaded.layouts, loaded.image, loaded.report)


def test_rust_structs_enums_and_slots(rust: Plugin) -> None:
    with rust.make_counter(rust.Kind.Large, True) as counter:
        assert counter.kind is rust.Kind.Large
        assert counter.step(counter, 5) == 5
        assert counter.step(counter, by=2**32 - 1) == 2**32 + 4
        assert rust.total_of(counter) == counter.total == 2**32 + 4
        with counter.name(counter) as name:
            assert name.value == b"counter at 4294967300"
        with pytest.raises(ArgumentRangeError):
            counter.step(counter, -1)
        with pytest.raises(ArgumentTypeError, match="must not be NULL"):
            rust.total_of(None)
    with pytest.raises(UseAfterFree):
        counter.step(counter, 1)


def test_an_option_that_is_none_is_none(rust: Plugin) -> None:
    with rust.make_counter(rust.Kind.Small, False) as counter:
        assert counter.name is None
    assert rust.apply(None, rust.Vector(x=1, y=2)) == -1.0


def test_rust_values_and_callbacks(rust: Plugin) -> None:
    turned = rust.turn(rust.Vector(x=1, y=2))
    assert (turned.x, turned.y) == (-2.0, 1.0)
    assert rust.apply(lambda v, count: v.x + v.y * count, turned) == 1.0
    assert rust.length("Grüße".encode()) == 7
    with pytest.raises(ArgumentValueError):
        rust.make_counter(7, False)
