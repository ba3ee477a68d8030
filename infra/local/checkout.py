"""Which characters the path of a checkout may contain. Runs before anything is installed: standard library only."""

from pathlib import Path

UNFIT = {
    ":": "separates paths for Java, for Python and for the shell",
    "?": "begins a query in the address of the embedded catalog and in a table's location",
    "#": "begins a fragment in a table's location",
    "%": "begins an escape in the address of the embedded catalog and in the settings of services",
    ",": "separates folders in Spark's settings",
    **dict.fromkeys('"$`\\', "has a meaning for the shell through which the programs of Postgres call each other"),
}
"""Characters that the path of a checkout may not contain, with the reason. They include all characters that are
forbidden for a home, because the default home is inside the checkout."""


def why_unfit(checkout: Path) -> str | None:
    """Return why nothing can run from a checkout, in one sentence; None if it can."""
    for part, why in UNFIT.items():
        if part in str(checkout):
            return f"the checkout {str(checkout)!a} cannot be used: its path contains {part}, which {why}. Move it"
    if not str(checkout).isprintable():
        return f"the checkout {str(checkout)!a} cannot be used: its path contains unprintable characters. Move it"
    return None
