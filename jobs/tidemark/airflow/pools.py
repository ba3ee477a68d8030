"""Names of the Airflow pools that allow one publisher per table at a time."""


def pool_of(dataset: str) -> str:
    """Return the name of a dataset's one-slot pool."""
    return f"tidemark.{dataset}"
