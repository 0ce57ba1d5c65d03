"""Any method on any picture: what `srbench upscale` does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from srbench.errors import SrbenchError
from srbench.evaluate.upscale import upscale_image
from srbench.image import SUFFIXES, peak_of, read_image, suffix_for, to_image, to_tensor, write_image
from srbench.method import Method
from srbench.params import resolve
from srbench.plugins import registry
from srbench.store import Record, Store

DEFAULT_SCALE = 4


@dataclass(frozen=True)
class Loaded:
    """A method ready to upscale by one scale."""

    method: Method
    scale: int


def load_method(name: str, model: str | None, scale: int | None) -> Loaded:
    """A method by name, with what it learned.

    model: a cell of a store in `results/` (label or key), or the folder that a training left. A method that learns
    needs one. scale: that of the model unless told.
    """
    registered = registry().get("method", name)
    kind = registered.load()
    if not kind.learns:
        if model is not None:
            raise SrbenchError(f"{name} does not learn; leave out --model")
        return Loaded(kind(**resolve(kind, {})), scale or DEFAULT_SCALE)
    if model is None:
        raise SrbenchError(f"{name} learns; name a trained model with --model (a cell's label, its key, or a folder)")
    folder, record = _model(model)
    trained_by = record.ingredients["method"]
    if trained_by["name"] != name:
        raise SrbenchError(f"{model} is a model of {trained_by['name']}, not of {name}")
    trained_scale = int(record.ingredients["protocol"]["scale"])
    if scale not in (None, trained_scale):
        raise SrbenchError(f"{model} was trained for scale {trained_scale}, not {scale}")
    method: Method = kind(**trained_by["params"])
    method.load(folder)
    return Loaded(method, trained_scale)


def _model(model: str) -> tuple[Path, Record]:
    folder = Path(model)
    if folder.is_dir():
        store = Store(folder.resolve().parents[2])
        record = store.read("models", folder.resolve().name)
        if record is None:
            raise SrbenchError(f"{folder} holds no trained model (no record.json of one)")
        return folder, record
    from srbench.stores import find_record

    store, cell = find_record(model, None)
    record = None if cell.model is None else store.read("models", cell.model)
    if record is None or cell.model is None or record.status != "ok":
        raise SrbenchError(f"the cell {cell.label} has no trained model")
    return store.folder("models", cell.model), record


def pictures(paths: Iterable[Path]) -> list[Path]:
    """Files as they are, folders as the pictures in them; `SrbenchError` for a folder without any."""
    found: list[Path] = []
    for path in paths:
        inside = [path]
        if path.is_dir():
            inside = sorted(one for one in path.iterdir() if one.suffix.lower() in SUFFIXES)
            if not inside:
                raise SrbenchError(f"there is no picture in {path}")
        found += inside
    return found


def upscale_file(loaded: Loaded, path: Path, out: Path, memory_bytes: float | None = None) -> Path:
    """Upscale one picture into a folder, losslessly and in its own depth; returns the new file.

    Nothing is overwritten but an earlier SR of the same name.
    """
    image = read_image(path)
    peak = peak_of(image)
    sr = upscale_image(loaded.method, to_tensor(image, peak), loaded.scale, memory_bytes)
    target = out / (path.stem + suffix_for(image))
    if target.resolve() == path.resolve():
        raise SrbenchError("the SR would overwrite the picture itself; choose another --out")
    write_image(target, to_image(sr, image, peak))
    return target
