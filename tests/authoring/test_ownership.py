"""Questions about ownership: asked where one export looks made to take a result back."""

from __future__ import annotations

from abicheck.authoring.draft import DraftedExport
from abicheck.authoring.ownership import ask_who_frees
from abicheck.model.types import FunctionType, Named, Parameter, Pointer, Scalar

THING = Pointer(Named("Thing"), is_mutable=True)


def export(name: str, *parameters: object, result: object = None) -> DraftedExport:
    found = tuple(Parameter(each) for each in parameters)  # type: ignore[arg-type]
    function = FunctionType(found) if result is None else FunctionType(found, result)  # type: ignore[arg-type]
    return DraftedExport(name=name, is_data=False, type=function)


def questions(*exports: DraftedExport) -> list[str]:
    return [each.comment for each in ask_who_frees(exports) if each.comment]


def test_result_that_one_export_takes_alone_is_asked_about() -> None:
    asked = questions(export("make", result=THING), export("thing_free", THING))
    assert asked == ['Does thing_free take back what this returns? Then add free = "thing_free".']


def test_nothing_is_asked_where_several_would_do() -> None:
    makers = export("make", result=THING), export("free_a", THING), export("free_b", THING)
    assert questions(*makers) == []


def test_nothing_is_asked_about_exports_with_other_names_or_more_parameters() -> None:
    maker = export("make", result=THING)
    assert questions(maker, export("use", THING)) == []
    assert questions(maker, export("free_some", THING, Scalar("usize"))) == []
