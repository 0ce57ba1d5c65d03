"""The file's budget of trainings: how much in all, and what an earlier training had that is gone on from."""

from __future__ import annotations

from typing import get_args

from srbench.contract.fit import WHOLE_UNITS, Budget, BudgetUnit
from srbench.matrix.fields import Fields
from srbench.matrix.nodes import Node

UNITS: tuple[BudgetUnit, ...] = get_args(BudgetUnit)
EARLIER = "from"
"""The key in a budget for the one that a finished training had."""
_KEYS = "one of steps, seconds, epochs, images, such as {steps: 20000}: a mapping"
_FURTHER = "{steps: 40000, from: {steps: 20000}}"


def read_budget(node: Node, fields: Fields) -> Budget | None:
    """A budget `{UNIT: amount}`, with that of an earlier training under `from`; None where it is wrong.

    Faults go to `fields`.
    """
    keys = fields.keys(node, (*UNITS, EARLIER), _KEYS)
    if not keys:
        return None
    said = keys.pop(EARLIER, None)
    earlier = None if said is None else read_budget(said[1], fields)
    if not keys:
        fields.fault(node, f"a budget that goes on `from` another has an amount of its own, such as {_FURTHER}")
        return None
    if len(keys) > 1:
        fields.fault(list(keys.values())[1][0], f"a budget has one unit; here are {' and '.join(keys)}")
        return None
    ((key, value),) = keys.values()
    read = fields.whole if key.text in WHOLE_UNITS else fields.positive
    amount = read(value, f"budget in {key.text}")
    unit = next(unit for unit in UNITS if unit == key.text)
    if amount is None:
        return None
    if said is not None and earlier is not None and (wrong := _not_further(unit, amount, earlier)):
        fields.fault(said[1], wrong)
    return Budget(unit, float(amount), earlier)


def _not_further(unit: BudgetUnit, amount: float, earlier: Budget) -> str:
    """Why no training goes on from an earlier budget to this one, in words; empty where one does."""
    if earlier.unit != unit:
        return f"a budget in {unit} goes on from one in {unit}, not in {earlier.unit}"
    if earlier.amount >= amount:
        more = f"more than the {earlier} that it goes on from, not {amount:,.12g}"
        return f"a budget is all that a training gets, its earlier part included: {more}; such as {_FURTHER}"
    return ""
