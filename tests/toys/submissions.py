"""A right submission, and for each check a wrong one that breaks only its promise."""

from __future__ import annotations

from pathlib import Path

import srbench


class Right(srbench.Submission):
    """SR of nothing."""

    def find(self, asked):
        return srbench.Given({}, {one.image: f"{one.image}.png" for one in asked})


class Forgets(Right):
    def find(self, asked):
        return srbench.Given({})


class Invents(Right):
    def find(self, asked):
        return srbench.Given({one.image: Path("nowhere.png") for one in asked})


class KeepsToItself(Right):
    def find(self, asked):
        return srbench.Given({}, {one.image: "" for one in asked})


class UpscalesAllTheSame(Right):
    def upscale(self, lr, scale):
        return lr
