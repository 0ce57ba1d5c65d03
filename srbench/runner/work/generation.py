"""A cell of the task `generation`: images made by a generator, compared as a set with real ones."""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from srbench.contract.dataset import Item
from srbench.contract.generator import Generator
from srbench.contract.metric import Metric
from srbench.errors import SrbenchError
from srbench.evaluate.generate import generate
from srbench.evaluate.nearest import Neighbourhood, in_units, write_neighbours
from srbench.evaluate.score import ScoreColumn, score_set
from srbench.pictures import Image, Values, read_image
from srbench.runner.job.channel import Doing, Made
from srbench.runner.job.environment import environment
from srbench.runner.job.tasks import Evaluation
from srbench.runner.planning.splits import groups_of
from srbench.runner.work.energy import EnergyMeter
from srbench.runner.work.memory import MemoryPeak
from srbench.runner.work.models import load_model
from srbench.runner.work.references import keep_references
from srbench.runner.work.scorer import score_metrics
from srbench.runner.work.work import Work
from srbench.store.record import Record
from srbench.store.records import IMAGES, NEAREST_IMAGES, Store
from srbench.store.references import Reference, References

NEAREST = "nearest.parquet"


def make_images(work: Work, record: Record | None) -> None:
    """Make the images, unless they are there, and find what they are nearest to; called as every task's making is."""
    if record is not None:
        return
    task, root = work.task, work.job.data_root
    work.tell(Doing("test"))
    test = work.witness.items(task.dataset, "test", root, task.reads)
    seen = [one for one in task.learned if one.seen.protocol == task.protocol.for_training()]
    learned = {one.dataset.name: work.witness.items(one.dataset, "train", root, (one.seen,)) for one in seen}
    learned = learned or {task.dataset.name: work.witness.items(task.dataset, "train", root, task.reads)}
    record = _generated(work, test, learned, work.steps(task.settings["samples"]))
    work.witness.confirm()
    work.tell(Made(record))


def score_images(work: Work, record: Record) -> None:
    """Score the images as a set, and keep what pages show; called as every task's scoring is."""
    task, store = work.task, work.store
    test = work.witness.items(task.dataset, "test", work.job.data_root, task.reads)
    train = _in_random_order(work.witness.items(task.dataset, "train", work.job.data_root, task.reads))
    keep_references(store, record, ((item.id, Reference(*item.read_hr(), label=item.label)) for item in test))
    values, folder = _like(test)[1], store.folder("cells", task.key) / IMAGES
    step = work.steps(len(task.metrics) * (len(record.images) + len(test) + len(train)))

    def compare(key: str, metric: Metric) -> ScoreColumn:
        paths = ((name, folder / file) for name, file in record.images.items())
        made = ((Item(name, path, label=record.labels.get(name)), read_image(path), values) for name, path in paths)
        real_items = _in_random_order(test) if metric.reference == "train" else test  # the first ones as a fair sample
        real, training = (((item, *item.read_hr()) for item in items) for items in (real_items, train))
        return score_set(key, metric, (("generated", made), ("real", real), ("training", training)), step)

    score_metrics(work, compare)


def _like(test: Sequence[Item]) -> tuple[Image, Values]:
    """What the made images are like: the image with the most channels, in its depth and with its black and white."""
    return max((item.read_hr() for item in test), key=lambda found: found[0].shape[2])


def _generated(
    work: Work, test: Sequence[Item], learned_from: Mapping[str, Sequence[Item]], progress: Callable[[str], None]
) -> Record:
    task, store, device = work.task, work.store, work.job.device
    assert task.cell.seed is not None, "a generator samples"
    samples, like = task.settings["samples"], _like(test)
    generator: Generator = task.method.create()
    if task.model is not None:
        load_model(generator, store, task.model)
    generator.to(device)
    folder = store.folder("cells", task.key) / IMAGES
    labels = _labels(task, list(learned_from.values())[-1]) if generator.labelled else None
    learned = _together(learned_from)
    with MemoryPeak(device) as peak, EnergyMeter(device) as energy:
        done = generate(generator, samples, like, labels, task.cell.seed, folder, progress, work.witness.confirm)
    training = store.read("models", task.model) if task.model is not None else None
    pixels = like[0].shape[0] * like[0].shape[1]
    record = work.attempt.record(
        "ok",
        environment=environment(work.job, training),
        cost={
            **({} if training is None else training.cost),
            "sample_seconds": round(done.seconds / samples, 6),
            "ms_per_megapixel": round(1e9 * done.seconds / samples / pixels, 3),
            **peak.cost(),
            # What an attempt took that was cut off is not known, and the rest of it would pass for little.
            **({} if done.resumed else energy.cost("sampling")),
            "parameters": generator.parameters_count(),
        },
        images=done.images,
        groups=groups_of(test),
        seen_groups=list(task.seen_groups),
        labels=done.labels,
        model=task.model,
        facts={} if training is None else training.facts,
        notes=list(dict.fromkeys(generator.notes)),
    )
    record.facts = {**record.facts, **_remembered(task, store, record, like[1], test, learned)}
    written = [*(f"{IMAGES}/{name}" for name in done.images.values()), *([NEAREST] if learned else [])]
    record.files = store.hashes("cells", task.key, written)
    return record


def _together(learned_from: Mapping[str, Sequence[Item]]) -> list[Item]:
    """All images that were learned from; where these are of several datasets, with the dataset before their ids."""
    if len(learned_from) == 1:
        return [item for items in learned_from.values() for item in items]
    return [replace(item, id=f"{name}-{item.id}") for name, items in learned_from.items() for item in items]


def _labels(task: Evaluation, learned: Sequence[Item]) -> list[str]:
    labels = [item.label for item in learned if item.label is not None]
    if not labels:
        raise SrbenchError(f"{task.method.name} is asked for images of a class, and learned from images without labels")
    return labels


def _remembered(
    task: Evaluation, store: Store, record: Record, values: Values, test: Sequence[Item], learned: Sequence[Item]
) -> dict[str, float]:
    """Write down which training images each image is nearest to; the median distances as facts.

    Those of the test split beside them: how near a real image that was not learned from is. values: of what was made.
    """
    if not learned:
        return {}
    cell = store.folder("cells", task.key)
    known = Neighbourhood([item.id for item in learned], [in_units(*item.read_hr()) for item in learned])
    samples = [read_image(cell / IMAGES / name) for name in record.images.values()]
    generated = known.of(list(record.images), [in_units(image, values) for image in samples], "generated")
    real = known.of([item.id for item in test], [in_units(*item.read_hr()) for item in test], "real")
    write_neighbours(cell / NEAREST, [*generated, *real])
    nearest = {name for one in generated for name in (one.nearest, one.nearest_by_features)}
    shown = ((item.id, Reference(*item.read_hr(), label=item.label)) for item in learned if item.id in nearest)
    References(cell / NEAREST_IMAGES).keep(shown)
    return {
        "nearest_rmse": statistics.median(neighbour.rmse for neighbour in generated),
        "nearest_rmse_real": statistics.median(neighbour.rmse for neighbour in real),
        "nearest_by_features": statistics.median(neighbour.distance for neighbour in generated),
        "nearest_by_features_real": statistics.median(neighbour.distance for neighbour in real),
    }


def _in_random_order(items: Sequence[Item]) -> list[Item]:
    """The items in an order that nothing in the images decides, always the same: the first ones are a fair sample."""
    return sorted(items, key=lambda item: hashlib.sha256(item.id.encode()).digest())
