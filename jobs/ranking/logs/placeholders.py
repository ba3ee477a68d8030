"""Words that programs write in place of an id that they do not have."""

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
"""In lower case. What stands under one of them was written by anybody: two clients may share it."""


def is_placeholder(value: object) -> bool:
    """Whether text stands for no id; upper and lower case are alike, blanks around it do not count."""
    return isinstance(value, str) and value.strip().lower() in WORDS
