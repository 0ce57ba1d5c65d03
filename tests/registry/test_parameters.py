"""Parameters of plugins: typed by their annotations, completed by presets and defaults."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from srbench.errors import SrbenchError
from srbench.registry.parameters import (
    ParameterError,
    UnknownParameterError,
    examine,
    own_parameters,
    parameters,
    presets,
    resolve,
    shared_parameters,
    variants,
)
from srbench.store.cell import digest

if TYPE_CHECKING:
    from nowhere import Unimportable


class Net:
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "paper": {"width": 64, "kernels": [9, 5, 5], "lr": 1},
        "small": {"width": 8},
    }

    def __init__(
        self,
        width: Annotated[int, Meta(ge=1, le=512)] = 32,
        lr: float = 1,
        norm: Literal["batch", "none"] | None = None,
        kernels: tuple[int, ...] = (9, 1, 5),
        size: int | Literal["auto"] = "auto",
        bias: bool = True,
    ) -> None: ...


class Needy:
    def __init__(self, path: Path, name: str, size: int = 3) -> None: ...


class Paths:
    def __init__(self, one: Path | None = None, many: list[Path] | None = None) -> None: ...


class Plain: ...


class Wide:
    presets: ClassVar = {"paper": {"width": 9, "lr": 1e-4}}

    def __init__(self, width: int = 3) -> None: ...


class Deep:
    presets: ClassVar = {"paper": {"depth": 4}, "light": {"depth": 1}}

    def __init__(self, depth: int) -> None: ...


class Choosing:
    presets: ClassVar = {"fast": {"lr": 1.0}}
    variants: ClassVar = {"kind": {"wide": Wide, "deep": Deep}}

    def __init__(self, kind: str, lr: float = 0.5, **more: Any) -> None: ...


def test_defaults_alone() -> None:
    assert resolve(Net, {}) == {
        "width": 32,
        "lr": 1.0,
        "norm": None,
        "kernels": (9, 1, 5),
        "size": "auto",
        "bias": True,
    }


def test_a_class_without_init_takes_nothing() -> None:
    assert resolve(Plain, {}) == {}
    with pytest.raises(UnknownParameterError, match=r"^unknown parameter 'a'\. There are none\.$"):
        resolve(Plain, {"a": 1})


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("width", 1, 1),
        ("width", 512, 512),
        ("lr", 3, 3.0),
        ("lr", 1e-4, 1e-4),
        ("norm", "batch", "batch"),
        ("norm", None, None),
        ("kernels", [3], (3,)),
        ("kernels", [], ()),
        ("size", 5, 5),
        ("size", "auto", "auto"),
        ("bias", False, False),
    ],
)
def test_values_that_fit_their_annotation(name: str, value: object, expected: object) -> None:
    found = resolve(Net, {name: value})[name]
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("width", 0, "width: expected a whole number >= 1"),
        ("width", 513, "width: expected a whole number <= 512"),
        ("width", 1.5, "width: expected a whole number, got a number"),
        ("width", True, "width: expected a whole number, got true or false"),
        ("width", "64", "width: expected a whole number, got text"),
        ("width", None, "width: expected a whole number, got nothing"),
        ("lr", "fast", "lr: expected a number, got text"),
        ("lr", math.inf, "lr: expected a finite number, got inf"),
        ("lr", math.nan, "lr: expected a finite number, got nan"),
        ("norm", "batsch", "norm: unknown value 'batsch'. Did you mean 'batch'?"),
        ("norm", "x", "norm: unknown value 'x'. There are: batch, none."),
        ("kernels", 9, "kernels: expected a list, got a whole number"),
        ("kernels", [9, "a"], "kernels: expected a whole number, got text (at [1])"),
        ("kernels", [9, math.inf], "kernels: expected a finite number, got [9, inf]"),
        ("bias", "yes", "bias: expected true or false, got text"),
        ("bias", 1, "bias: expected true or false, got a whole number"),
    ],
)
def test_values_that_do_not_fit_say_so_in_words(name: str, value: object, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        resolve(Net, {name: value})
    assert str(caught.value) == message
    assert caught.value.parameter == name
    assert not isinstance(caught.value, UnknownParameterError)


def test_an_unknown_parameter_names_the_nearest() -> None:
    with pytest.raises(UnknownParameterError, match=r"unknown parameter 'widht'\. Did you mean 'width'\?") as caught:
        resolve(Net, {"widht": 3})
    assert caught.value.parameter == "widht"


def test_an_unknown_parameter_without_likeness_lists_them_all_and_preset() -> None:
    with pytest.raises(ParameterError, match=r"There are: bias, kernels, lr, norm, preset, size, width\."):
        resolve(Net, {"qqqqq": 3})


def test_preset_is_unknown_where_there_are_none() -> None:
    with pytest.raises(UnknownParameterError, match="unknown parameter 'preset'"):
        resolve(Needy, {"preset": "paper", "path": "a", "name": "b"})


def test_a_preset_lies_between_defaults_and_given_values() -> None:
    values = resolve(Net, {"preset": "paper", "width": 16})
    assert (values["width"], values["kernels"], values["norm"]) == (16, (9, 5, 5), None)


class Table:
    presets: ClassVar[dict[str, dict[str, Any]]] = {"ham": {"columns": {"file": "image", "label": ["a", "b"]}}}

    def __init__(self, columns: dict[str, str | list[str]] | None = None, size: int = 1) -> None: ...


@pytest.mark.parametrize(
    ("given", "columns"),
    [
        ({}, {"file": "image", "label": ["a", "b"]}),
        ({"columns": {"label": "kind"}}, {"file": "image", "label": "kind"}),
        ({"columns": {"group": "patient"}}, {"file": "image", "label": ["a", "b"], "group": "patient"}),
        ({"columns": {"label": None, "mask": "m"}}, {"file": "image", "mask": "m"}),
        ({"columns": {}}, {"file": "image", "label": ["a", "b"]}),
        ({"columns": None}, None),
    ],
)
def test_of_a_mapping_given_keys_win_over_a_presets_one_by_one(given: dict[str, Any], columns: object) -> None:
    assert resolve(Table, {"preset": "ham", **given})["columns"] == columns
    assert Table.presets["ham"] == {"columns": {"file": "image", "label": ["a", "b"]}}


def test_what_a_preset_does_not_hold_cannot_be_left_out_of_it() -> None:
    with pytest.raises(ParameterError, match="the preset has no 'group' that null could leave out; it has file, label"):
        resolve(Table, {"preset": "ham", "columns": {"group": None}})
    with pytest.raises(ParameterError, match="got nothing"):
        resolve(Table, {"columns": {"label": None}})


def test_a_preset_and_the_same_parameters_spelled_out_have_one_digest() -> None:
    spelled = resolve(Net, {"kernels": [9, 5, 5], "width": 64, "lr": 1.0})
    assert digest(resolve(Net, {"preset": "paper"})) == digest(spelled)


def test_a_default_and_the_same_value_given_have_one_digest() -> None:
    given_values = {"width": 32, "lr": 1, "norm": None, "kernels": [9, 1, 5], "size": "auto", "bias": True}
    assert digest(resolve(Net, given_values)) == digest(resolve(Net, {}))


@pytest.mark.parametrize("preset", ["papr", 3, None, ["paper"], {"paper": 1}])
def test_a_preset_that_is_none(preset: object) -> None:
    with pytest.raises(ParameterError, match="unknown preset") as caught:
        resolve(Net, {"preset": preset})
    assert caught.value.parameter == "preset"


@pytest.mark.parametrize("values", [{"widht": 3}, {"width": 0}])
def test_a_wrong_preset_is_the_plugins_fault(values: dict[str, Any]) -> None:
    class Wrong(Net):
        presets: ClassVar = {"odd": values}

    with pytest.raises(ParameterError, match="preset 'odd' of the plugin is wrong: ") as caught:
        resolve(Wrong, {"preset": "odd"})
    assert caught.value.parameter == "preset"


def test_everything_wrong_is_found_together() -> None:
    values, errors = examine(Needy, {"path": 5, "nam": "x", "size": "y"})
    assert [error.parameter for error in errors] == ["path", "nam", "size", "name"]
    assert values == {"size": 3}


def test_a_preset_that_is_unknown_does_not_make_its_parameters_missing() -> None:
    class Set:
        presets: ClassVar = {"a": {"width": 1}}

        def __init__(self, width: int) -> None: ...

    assert [error.parameter for error in examine(Set, {"preset": "b"})[1]] == ["preset"]
    assert resolve(Set, {"preset": "a"}) == {"width": 1}


def test_a_missing_parameter() -> None:
    with pytest.raises(ParameterError, match="parameter 'name' is missing"):
        resolve(Needy, {"path": "a"})


def test_values_come_in_the_order_of_init() -> None:
    assert list(resolve(Needy, {"size": 1, "name": "b", "path": "a"})) == ["path", "name", "size"]


def test_paths_are_taken_relative_to_the_folder(tmp_path: Path) -> None:
    values = resolve(Paths, {"one": "a/b.png", "many": ["c", "/d"]}, tmp_path)
    assert values == {"one": tmp_path / "a/b.png", "many": [tmp_path / "c", Path("/d")]}
    assert resolve(Paths, {"one": "a"})["one"] == Path("a")
    assert resolve(Paths, {}, tmp_path)["one"] is None


def test_a_path_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert resolve(Paths, {"one": "~/x"}, tmp_path)["one"] == tmp_path / "me" / "x"


@pytest.mark.parametrize("value", [5, "", "a\0b", ["a"], {}])
def test_what_is_no_path(value: object) -> None:
    with pytest.raises(ParameterError, match="one: expected a path, got"):
        resolve(Paths, {"one": value})


def test_an_annotation_beyond_validation_is_left_to_the_class() -> None:
    class Odd:
        def __init__(self, function: Callable[[int], int], thing: complex, anything=None) -> None: ...  # type: ignore[no-untyped-def]

    given_values = {"function": "f", "thing": [1], "anything": {"a": 1}}
    assert resolve(Odd, given_values) == given_values


def test_an_annotation_that_cannot_be_imported_is_told() -> None:
    class Hidden:
        def __init__(self, thing: Unimportable) -> None: ...

    with pytest.raises(SrbenchError, match=r"Hidden cannot be read: NameError.*must be importable"):
        parameters(Hidden)


def test_a_dataclass_makes_its_defaults_anew() -> None:
    @dataclass
    class Data:
        widths: list[int] = field(default_factory=lambda: [1, 2])
        scale: int = 2

    assert resolve(Data, {}) == {"widths": [1, 2], "scale": 2}
    assert resolve(Data, {})["widths"] is not resolve(Data, {})["widths"]


def test_extra_arguments_are_no_parameters() -> None:
    class Loose:
        def __init__(self, a: int = 1, *rest: int, **more: int) -> None: ...

    assert list(parameters(Loose)) == ["a"]


def test_a_default_outside_its_annotation_stays() -> None:
    class Sentinel:
        def __init__(self, size: int = None) -> None: ...  # type: ignore[assignment]  # noqa: RUF013

    assert resolve(Sentinel, {}) == {"size": None}


class TestVariants:
    def test_the_class_chosen_brings_parameters_and_presets(self) -> None:
        given = {"kind": "wide"}
        assert variants(Choosing, given) == [Wide]
        assert list(parameters(Choosing, given)) == ["kind", "lr", "width"]
        assert set(presets(Choosing, given)) == {"fast", "paper"}
        assert resolve(Choosing, given) == {"kind": "wide", "lr": 0.5, "width": 3}
        assert resolve(Choosing, {**given, "preset": "paper", "width": 5}) == {"kind": "wide", "lr": 1e-4, "width": 5}
        assert resolve(Choosing, {**given, "preset": "fast"})["lr"] == 1.0

    def test_without_a_choice_there_are_the_own_ones_alone(self) -> None:
        assert list(parameters(Choosing)) == ["kind", "lr"]
        assert variants(Choosing, {}) == [] and set(presets(Choosing, {})) == {"fast"}

    def test_what_is_resolved_is_resolved_again_to_itself(self) -> None:
        values = resolve(Choosing, {"kind": "deep", "preset": "light"})
        assert resolve(Choosing, values) == values
        assert digest(values) == digest(resolve(Choosing, {"kind": "deep", "depth": 1}))

    @pytest.mark.parametrize(
        ("given", "messages"),
        [
            ({"kind": "wide", "widht": 3}, ["unknown parameter 'widht'. Did you mean 'width'?"]),
            ({"kind": "wide", "depth": 3}, ["unknown parameter 'depth'. Did you mean 'width'?"]),
            ({"kind": "deep", "depth": "x"}, ["depth: expected a whole number, got text"]),
            ({"kind": "deep"}, ["parameter 'depth' is missing"]),
            ({"kind": "deep", "preset": "ligth"}, ["unknown preset 'ligth'. Did you mean 'light'?"]),
            ({"kind": "wied", "width": 3, "preset": "x"}, ["kind: unknown value 'wied'. Did you mean 'wide'?"]),
            ({"kind": ["wide"], "lr": "x"}, ["kind: unknown value ['wide'].", "lr: expected"]),
            ({"width": 3, "preset": "x"}, ["parameter 'kind' is missing"]),
        ],
    )
    def test_what_is_wrong_is_told_in_words(self, given: dict[str, Any], messages: list[str]) -> None:
        errors = [str(error) for error in examine(Choosing, given)[1]]
        assert len(errors) == len(messages)
        for error, message in zip(errors, messages, strict=True):
            assert error.startswith(message)

    def test_a_default_chooses_too(self) -> None:
        class Defaulted(Choosing):
            def __init__(self, kind: str = "wide", **more: Any) -> None: ...

        assert resolve(Defaulted, {}) == {"kind": "wide", "width": 3}


@dataclass(frozen=True)
class Slope:
    steps: tuple[float, ...] = ()
    gain: float = 1
    lr: float = 2.0

    def __post_init__(self) -> None:
        if self.gain < 0:
            raise ParameterError("gain", "gain: it should not fall")


class Family(Choosing):
    shared: ClassVar = {"slope": Slope}


class TestShared:
    def test_they_are_known_beside_the_own_ones_which_hide_them(self) -> None:
        given = {"kind": "wide"}
        assert {name: list(found) for name, found in shared_parameters(Family, given).items()} == {
            "slope": ["steps", "gain"]
        }
        assert list(own_parameters(Family, given)) == ["kind", "lr", "width"]
        assert list(parameters(Family, given)) == ["kind", "lr", "width", "steps", "gain"]
        assert shared_parameters(Choosing, given) == {}

    def test_one_of_a_variant_hides_them_too(self) -> None:
        @dataclass(frozen=True)
        class Sizes:
            width: int = 0
            depth: int = 0

        class Sized(Choosing):
            shared: ClassVar = {"sizes": Sizes}

        assert list(shared_parameters(Sized, {"kind": "wide"})["sizes"]) == ["depth"]

    @pytest.mark.parametrize("given", [{}, {"gain": 1}, {"gain": 1.0, "steps": []}])
    def test_at_their_defaults_they_are_in_no_key(self, given: dict[str, Any]) -> None:
        plain = resolve(Choosing, {"kind": "wide"})
        assert digest(resolve(Family, {"kind": "wide", **given})) == digest(plain)

    def test_otherwise_they_are_complete_parameters_that_resolve_to_themselves(self) -> None:
        values = resolve(Family, {"kind": "wide", "steps": [0.5]})
        assert values == {"kind": "wide", "lr": 0.5, "width": 3, "steps": (0.5,)}
        assert resolve(Family, values) == values

    def test_a_preset_sets_them_and_the_default_can_be_asked_for_again(self) -> None:
        class Set(Family):
            presets: ClassVar = {"steep": {"gain": 3}}

        assert resolve(Set, {"kind": "wide", "preset": "steep"})["gain"] == 3.0
        assert "gain" not in resolve(Set, {"kind": "wide", "preset": "steep", "gain": 1})

    @pytest.mark.parametrize(
        ("given", "messages"),
        [
            ({"gian": 3}, ["unknown parameter 'gian'. Did you mean 'gain'?"]),
            ({"gain": "x"}, ["gain: expected a number, got text"]),
            ({"gain": -1}, ["gain: it should not fall"]),
            ({"gain": -1, "steps": "x"}, ["steps: expected a list, got text"]),
            ({"gain": -1, "width": "x"}, ["width: expected a whole number, got text", "gain: it should not fall"]),
        ],
    )
    def test_what_is_wrong_is_told_with_its_name(self, given: dict[str, Any], messages: list[str]) -> None:
        errors = examine(Family, {"kind": "wide", **given})[1]
        assert [str(error) for error in errors] == messages
        assert {error.parameter for error in errors} <= set(given)


@given(
    st.dictionaries(
        st.text(max_size=6) | st.sampled_from(["width", "lr", "norm", "preset"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
            lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=3), inside, max_size=3),
            max_leaves=5,
        ),
        max_size=4,
    )
)
def test_any_values_are_parameters_or_parameter_errors(values: dict[str, Any]) -> None:
    """What is accepted is accepted again, unchanged, and can be part of a key."""
    try:
        found = resolve(Net, values)
    except ParameterError:
        return
    assert resolve(Net, found) == found
    digest(found)
