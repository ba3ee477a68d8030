"""Placeholders: words that programs write if they have no id."""

WORDS = frozenset(
    {
        "",
        "-",
        "--",
        "?",
        "(none)",
        "(not set)",
        "(null)",
        "<null>",
        "[object object]",
        "n/a",
        "nan",
        "nil",
        "none",
        "not set",
        "null",
        "undefined",
        "unknown",
        "00000000-0000-0000-0000-000000000000",
    }
)
"""The placeholders in lower case. They are not ids, because records of different clients share them."""


def is_placeholder(value: object) -> bool:
    """Return true if a text is a placeholder, ignoring case and blanks around it."""
    return isinstance(value, str) and value.strip().lower() in WORDS
