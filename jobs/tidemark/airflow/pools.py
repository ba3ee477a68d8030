"""Names of the Airflow pools that let one publisher at a table at a time."""


def pool_of(dataset: str) -> str:
    """The one-slot pool of a dataset."""
    return f"tidemark.{dataset}"
