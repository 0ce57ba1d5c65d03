"""The line between a run and its keepers: whatever is said on it arrives whole."""

from __future__ import annotations

import pytest

from srbench.runner.supervision import messages


@pytest.mark.parametrize("send", [messages.send, messages.send_surely])
@pytest.mark.parametrize("letter", ["x", "\x00", "é", "\U0001f600"])
def test_a_text_of_any_length_and_script_arrives(send, letter: str) -> None:
    ours, theirs = messages.pair()
    with ours, theirs:
        send(theirs, end="failed", reason=letter * 100_000)
        send(theirs, end="ok", reason="")
        first, second = messages.receive(ours), messages.receive(ours)
    assert first is not None and first["end"] == "failed"
    assert first["reason"].startswith(letter * 1000) and first["reason"].endswith(" ...")
    assert second == {"end": "ok", "reason": ""}


def test_a_line_whose_other_end_is_gone_has_no_message() -> None:
    ours, theirs = messages.pair()
    theirs.close()
    with ours:
        messages.send_surely(ours, end="ok", reason="")
        assert messages.receive(ours) is None
