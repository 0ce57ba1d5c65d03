"""The pages of each task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from srbench.contract.protocol import Task
from srbench.leaderboard.gallery.pictures import Gallery
from srbench.leaderboard.generation.samples import SampleGallery
from srbench.leaderboard.pages.generation import GenerationPages
from srbench.leaderboard.pages.upscaling import UpscalingPages

AnyGallery = Gallery | SampleGallery

PAGES: Mapping[Task, Any] = {"super-resolution": UpscalingPages, "generation": GenerationPages}
