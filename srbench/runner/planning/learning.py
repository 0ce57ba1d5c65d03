"""The trainings that a matrix asks for: what each learns from, what it goes on or starts from, and its key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import Any

from srbench.contract.fit import Budget
from srbench.contract.method import Method
from srbench.contract.protocol import Protocol
from srbench.matrix import Matrix
from srbench.matrix.training import Curriculum, StartFrom, TrainedOn, TrainingData, name_of
from srbench.registry.configured import Use
from srbench.registry.shared import sampling
from srbench.runner.job.tasks import SeenFile, StartingWeights, Training
from srbench.runner.planning.provenance import degradation_files, degradation_uses, files_of, provenance, read_by
from srbench.runner.planning.splits import Splits, Unusable
from srbench.store.cell import SCHEMA, Fixed, digest
from srbench.store.files import sha256
from srbench.weights.lookup import WeightsMissing, weights_path

WithSeed = Callable[[int], Training]


class Learnings:
    """The trainings of a matrix, each looked at once for all seeds.

    facts: what a key holds of a protocol.
    """

    def __init__(
        self,
        matrix: Matrix,
        splits: Splits,
        facts: Callable[[Protocol], Fixed],
    ) -> None:
        self._matrix, self._splits, self._facts = matrix, splits, facts
        self._known: dict[tuple[int, Protocol, int, int], tuple[WithSeed, list[Use]]] = {}

    def of(self, tested: Use, protocol: Protocol, method: Use, trained_on: TrainedOn) -> tuple[WithSeed, list[Use]]:
        """The training with a seed, and the datasets that its model has seen, the last one last.

        tested: the dataset whose own training split `same` stands for. Raises `Unusable` where there is none.
        """
        shared = isinstance(trained_on, Use) and not _is_cell(self._matrix.training(method).start)
        key = 0 if shared else id(tested), protocol.for_training(), id(method), id(trained_on)
        if key not in self._known:
            training = self._training(tested, protocol, method, trained_on)
            self._known[key] = cache(partial(_with_seed, training)), list(training.datasets)
        return self._known[key]

    def why_not(self, made: Method, method: Use, trained_on: TrainedOn) -> str:
        """Why a method cannot be trained as the matrix asks, in words; empty where it can."""
        options = self._matrix.training(method)
        lessons = trained_on.lessons if isinstance(trained_on, Curriculum) else ()
        budgets = [options.budget, *(lesson.budget for lesson in lessons)]
        if not made.goes_on and any(budget is not None and budget.earlier is not None for budget in budgets):
            alone = "train it in a matrix without `from` under `budget`"
            return f"{method.name} cannot go on from an earlier training; {alone}"
        if not made.starts and (lessons or options.start is not None):
            return f"{method.name} cannot start from given weights: it does not learn in srbench's training loop"
        return ""

    def _training(self, tested: Use, protocol: Protocol, method: Use, trained_on: TrainedOn) -> Training:
        """A training but for its seed."""
        options = self._matrix.training(method)
        assert options.budget is not None, "a validated matrix has a budget where a method learns"
        if not isinstance(trained_on, Curriculum):
            start = self._start(tested, protocol, method, trained_on)
            return self._lesson(tested, protocol, method, trained_on, options.budget, start)
        budgets = trained_on.budgets(options.budget)
        first = self._first(tested, protocol, method, trained_on)
        start = StartingWeights(_told(first), training=first)
        return self._lesson(tested, protocol, method, trained_on.then.on, budgets[1], start)

    def _first(self, tested: Use, protocol: Protocol, method: Use, curriculum: Curriculum) -> Training:
        """The first training of a curriculum."""
        budget = self._matrix.training(method).budget
        assert budget is not None, "a validated matrix has a budget where a method learns"
        start = self._start(tested, protocol, method, curriculum, self._first)
        return self._lesson(tested, protocol, method, curriculum.first.on, curriculum.budgets(budget)[0], start)

    def _start(
        self,
        tested: Use,
        protocol: Protocol,
        method: Use,
        trained_on: TrainedOn,
        alike: Callable[[Use, Protocol, Use, Any], Training] | None = None,
    ) -> StartingWeights | None:
        """What a training starts from; None where it begins anew, as one does that would start from itself.

        alike: of another method, the training that is like this one; by default that of its cell.
        """
        asked = self._matrix.training(method).start
        if asked is None:
            return None
        if asked.file is not None:
            return StartingWeights(f"the file {asked.file.name}", asked.file)
        if asked.weights:
            try:
                return StartingWeights(f"{asked.weights} (published)", weights_path(asked.weights))
            except WeightsMissing as missing:
                raise Unusable("skipped", str(missing)) from None
        there = (
            next((one for one in self._matrix.protocols if one.name == asked.cell.get("protocol")), protocol),
            next((one for one in self._matrix.methods if one.name == asked.cell.get("method")), method),
            next((one for one in self._matrix.train_on if name_of(one) == asked.cell.get("on")), trained_on),
        )
        if there == (protocol, method, trained_on):
            return None
        of_cell = self._training if alike is None or there[2] != trained_on else alike
        training = of_cell(tested, *there)
        return StartingWeights(_told(training), training=training)

    def _lesson(
        self,
        tested: Use,
        protocol: Protocol,
        method: Use,
        on: TrainingData,
        budget: Budget,
        start: StartingWeights | None,
    ) -> Training:
        """A training on one set, but for its seed."""
        options, learned = self._matrix.training(method), protocol.for_training()
        dataset = self._splits.shown(tested if isinstance(on, str) else on, protocol)
        self._splits.require(dataset, "train", "HR")
        made: Method = method.create()
        ingredients: dict[str, Any] = {
            "schema": SCHEMA,
            "method": Fixed(
                provenance(method, sampling(method.registered.load(), method.params)) | read_or_unusable(made)
            ),
            "protocol": self._facts(learned),
            "train": Fixed(fingerprint=self._splits.survey(dataset, "train", learned).fingerprint),
            "precision": options.precision,
        }
        if options.compile:  # only then, so that trainings from before this could be asked for keep their keys
            ingredients["compile"] = True
        if options.micro_batches > 1:
            ingredients["micro_batches"] = options.micro_batches
        given: tuple[SeenFile, ...] = ()
        if start is not None and start.file is not None:
            given = (SeenFile(start.file, sha256(start.file)),)
            ingredients["start"] = {"sha256": given[0].sha256}
        training = Training(
            "",
            ingredients,
            method,
            dataset,
            learned,
            budget,
            0,
            options.precision,
            options.compile,
            options.micro_batches,
            (*files_of(method, made), *degradation_files(learned), *given),
            degradation_uses(learned),
            start=start,
        )
        return _under(budget, training)


def _is_cell(start: StartFrom | None) -> bool:
    return start is not None and bool(start.cell)


def _told(training: Training) -> str:
    """Whose weights a training leaves, in words."""
    sets = ", then ".join(one.name for one in training.datasets)
    return f"{training.method.name}, trained on {sets} {training.protocol.name} ({training.budget})"


def _with_seed(training: Training, seed: int) -> Training:
    """The training with this seed, and so those that it goes on or starts from."""
    ingredients, earlier, start = {**training.ingredients, "seed": seed}, None, training.start
    if training.earlier is not None:
        earlier = _with_seed(training.earlier, seed)
        ingredients["from"] = _named(earlier)
    if start is not None and start.training is not None:
        start = replace(start, training=_with_seed(start.training, seed))
        assert start.training is not None
        ingredients["start"] = _named(start.training)
    fixed = Fixed(ingredients)
    return replace(training, key=digest(fixed), ingredients=fixed, seed=seed, earlier=earlier, start=start)


def _named(first: Training) -> dict[str, Any]:
    """What the key of a training holds of one before it: its model, and what this had."""
    said: dict[str, Any] = {
        name: first.ingredients[name] for name in ("budget", "from", "start") if name in first.ingredients
    }
    return {"model": first.key, **said}


def _under(budget: Budget, training: Training) -> Training:
    """The training under this budget, going on from the one before where the budget says so."""
    earlier = None if budget.earlier is None else _under(budget.earlier, training)
    ingredients = {**training.ingredients, "budget": Fixed({budget.unit: budget.amount})}
    return replace(training, ingredients=ingredients, budget=budget, earlier=earlier)


def read_or_unusable(method: Method) -> dict[str, Any]:
    """The ingredients of a key for what a method reads. Raises `Unusable` where it is not on this machine."""
    try:
        return read_by(method.weights, method.files)
    except WeightsMissing as missing:
        raise Unusable("skipped", str(missing)) from None
