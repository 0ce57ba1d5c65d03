"""Text of plugins on pages."""

from srbench.leaderboard.pages.site import with_code


def test_backticks_are_code_and_everything_else_is_text() -> None:
    assert with_code("preset `a<b>` is <i>small</i>") == "preset <code>a&lt;b&gt;</code> is &lt;i&gt;small&lt;/i&gt;"
    assert with_code("one ` alone") == "one ` alone"
