"""What the pages of a task call things: the words that differ between super-resolution and generation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from srbench.contract.protocol import Task
from srbench.leaderboard.words.numerals import amount_words


@dataclass(frozen=True)
class Speed:
    """How the time of use is shown.

    cost: its name among a record's costs; factor: from there to ms. name: in `board.json`. head, aside: of the column.
    axis: of the figure. does: what the method does in so many ms, in a sentence.
    """

    cost: str
    factor: float
    name: str
    head: str
    aside: str
    axis: str
    does: str


@dataclass(frozen=True)
class Wording:
    """The words of a task.

    entrant: what is ranked. picture: what it makes. pictures: the head of the column that counts them. compared: how
    differences are taken. scores: the caption of a cell's metrics. reading: how to read ranks; whiskers, groups: what
    to know of them where there are any. few_seeds: the footnote where there are fewer than three. costs_reading: below
    the table of costs.
    """

    entrant: str
    picture: str
    pictures: str
    compared: str
    scores: str
    reading: str
    whiskers: str
    groups: str
    few_seeds: str
    costs_reading: str
    speed: Speed

    def amount(self, pictures: int, units: int) -> str:
        """How many pictures a table is about, and how many independent ones where that is fewer."""
        each = "" if self.picture == "image" else f" of each {self.entrant.lower()}"
        return f"{amount_words(pictures, units, self.picture)}{each}"


WORDING: Mapping[Task, Wording] = {
    "super-resolution": Wording(
        entrant="Method",
        picture="image",
        pictures="Images",
        compared="paired by image",
        scores="Each metric over the test set",
        reading="Ranks come from paired differences; methods that cannot be told apart share a rank.",
        whiskers=("Whiskers are 95 % intervals of the mean; two may overlap where the paired difference is real."),
        groups=(
            "Images of one group (a patient, a slide, a photograph) are not independent, so each group counts once, "
            "with its mean."
        ),
        few_seeds="Fewer than 3 seeds: how much the result owes to the luck of one training is not known.",
        costs_reading=(
            "Multiply-adds are those of an output of 1280 x 720 pixels; latency is that of one small LR, whose size "
            "each cell's page states, with quartiles where it was timed more than once."
        ),
        speed=Speed(
            cost="ms_per_megapixel",
            factor=1.0,
            name="ms_per_megapixel",
            head="ms/Mpx",
            aside="of SR",
            axis="ms per megapixel of SR (left is cheaper)",
            does="upscales to a megapixel in",
        ),
    ),
    "generation": Wording(
        entrant="Generator",
        picture="sample",
        pictures="Samples",
        compared="over seeds",
        scores="Each metric of the whole set of samples",
        reading=(
            "A metric compares the whole set of samples with the real images, so that a generator has one value a "
            "seed: shown is the mean over seeds and, from three seeds on, its 95 % interval. Then ranks come from the "
            "differences over seeds, and generators that cannot be told apart share a rank."
        ),
        whiskers="",
        groups="",
        few_seeds=(
            "Fewer than 3 seeds: ranks are the order of the values alone. There is no interval, and nothing says "
            "whether other trainings would put the generators in another order."
        ),
        costs_reading="",
        speed=Speed(
            cost="sample_seconds",
            factor=1000.0,
            name="ms_per_sample",
            head="ms/sample",
            aside="lower is better",
            axis="ms per sample (left is cheaper)",
            does="makes a sample in",
        ),
    ),
}
