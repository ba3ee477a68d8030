"""What the path of a checkout may hold. Uses the standard library only: it is asked before anything is installed."""

from pathlib import Path

UNFIT = {
    ":": "separates paths for Java, for Python and for the shell",
    "?": "begins a query in the address of the embedded catalog and in a table's location",
    "#": "begins a fragment in a table's location",
    "%": "begins an escape in the address of the embedded catalog and in the settings of services",
    ",": "separates folders in Spark's settings",
    **dict.fromkeys('"$`\\', "means something to the shell by which the programs of Postgres call each other"),
}
"""What a checkout may not hold, and why: what a home may not, since the default home lies in it, and some more."""


def why_unfit(checkout: Path) -> str | None:
    """One sentence if nothing could run from a checkout; None if it can."""
    for part, why in UNFIT.items():
        if part in str(checkout):
            return f"the checkout {str(checkout)!a} cannot be used: its path holds {part}, which {why}. Move it"
    if not str(checkout).isprintable():
        return f"the checkout {str(checkout)!a} cannot be used: its path holds what cannot be printed. Move it"
    return None
