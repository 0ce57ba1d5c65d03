"""Event files for TensorBoard, written without TensorFlow and without torch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from .tracked import RecordTracker, Tracked, needs


class TensorBoard(RecordTracker):
    """A run of TensorBoard for each cell and each training: `tensorboard --logdir FOLDER` shows them.

    Scores and cost stand among the scalars, at step 0, and with the parameters in the table of hyperparameters; of
    trainings also the curves. A cell that is made again adds to its run.
    """

    looked_for: ClassVar[frozenset[str]] = frozenset({"folder"})

    def __init__(self, folder: Path = Path("results/tensorboard")) -> None:
        needs("tensorboard")
        self._folder = folder

    def begin(self, matrix: str) -> None:
        """Find the matrix's own folder."""
        self._folder = self._folder / matrix

    def take(self, tracked: Tracked) -> None:
        """Write an event file."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        ended = tracked.begun + tracked.seconds
        writer = EventFileWriter(str(self._folder / f"{tracked.kind}s" / tracked.name.removeprefix("training ")))
        for step, summary in _summaries(tracked, ended):
            writer.add_event(Event(wall_time=ended, step=step, summary=summary))
        writer.close()

    def end(self) -> None:
        """Do nothing: each event file was closed when it was written."""


def _summaries(tracked: Tracked, ended: float) -> Iterator[tuple[int, Any]]:
    """What event files hold, each with its step. TensorBoard's own functions for that import TensorFlow."""
    from tensorboard.compat.proto.summary_pb2 import Summary

    begin, end = _session(tracked, ended)
    yield 0, begin
    for name, value in tracked.values.items():
        yield 0, Summary(value=[Summary.Value(tag=name, simple_value=value)])
    for point in tracked.points:
        yield point.step, Summary(value=[Summary.Value(tag=point.curve, simple_value=point.value)])
    for name, words in tracked.words.items():
        yield 0, _text(name, words)
    yield 0, end


def _text(name: str, words: str) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING
    from tensorboard.plugins.text import metadata

    about = metadata.create_summary_metadata(display_name=name, description="")
    value = TensorProto(dtype=DT_STRING, string_val=[words.encode()])
    return Summary(value=[Summary.Value(tag=f"{name}/text_summary", metadata=about, tensor=value)])


def _session(tracked: Tracked, ended: float) -> tuple[Any, Any]:
    """The summaries that begin and end a row of the table of hyperparameters."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import api_pb2, metadata
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo, SessionStartInfo

    start = SessionStartInfo(start_time_secs=tracked.begun)
    for name, value in tracked.parameters.items():
        if isinstance(value, bool):
            start.hparams[name].bool_value = value
        elif isinstance(value, str):
            start.hparams[name].string_value = value
        else:
            start.hparams[name].number_value = value
    status = api_pb2.STATUS_SUCCESS if tracked.ok else api_pb2.STATUS_FAILURE
    end = SessionEndInfo(status=status, end_time_secs=ended)

    def summary(tag: str, data: Any) -> Any:
        about = metadata.create_summary_metadata(data)
        return Summary(value=[Summary.Value(tag=tag, metadata=about, tensor=metadata.NULL_TENSOR)])

    return (
        summary(metadata.SESSION_START_INFO_TAG, HParamsPluginData(session_start_info=start)),
        summary(metadata.SESSION_END_INFO_TAG, HParamsPluginData(session_end_info=end)),
    )
