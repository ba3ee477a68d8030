"""A tiny deterministic shop: each item has a true grade per query, and is clicked by its grade and position."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
ATTRACTION = np.array([0.05, 0.12, 0.25, 0.5, 0.9])  # probability of a click by grade, if the item is examined
LONG = np.array([0.2, 0.4, 0.6, 0.8, 0.95])  # probability by grade that a click is long


def truth(queries: int = 40, items: int = 12, seed: int = 1) -> np.ndarray:
    """Draw the true grade of each (query, item)."""
    return np.random.default_rng(seed).choice(5, (queries, items), p=[0.4, 0.25, 0.15, 0.12, 0.08])


def interactions(grades: np.ndarray, days: int = 42, sessions: int = 60, seed: int = 2) -> pd.DataFrame:
    """Draw rows of search.interactions: `sessions` requests per day, ten items each, two random positions exchanged."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(days * sessions):
        shown_at = FIRST_DAY + timedelta(days=number // sessions, seconds=int(rng.integers(0, 80_000)))
        query = int(rng.zipf(1.3) - 1) % len(grades)
        order = np.arange(10)
        a, b = rng.integers(0, 10, 2)
        order[[a, b]] = order[[b, a]]
        for place, item in enumerate(order, 1):
            rows.append(_row(rng, number, shown_at, query, int(item), place, int(grades[query, item])))
    return pd.DataFrame(rows)


def _row(
    rng: np.random.Generator, number: int, shown_at: datetime, query: int, item: int, place: int, grade: int
) -> dict[str, object]:
    clicked = rng.random() < ATTRACTION[grade] * place**-0.7
    long = clicked and rng.random() < LONG[grade]
    known = shown_at + timedelta(minutes=10)
    return {
        "application": "shop", "query_id": f"r{number}", "item_id": f"i{item}", "shown_at": shown_at,
        "query": f"query {query}", "user_query": f"Query {query}", "client_id": f"c{number}", "device": "phone",
        "position": place, "shown_by": "event", "in_ranker_order": True, "position_taken_twice": False,
        "impression_known_at": known, "clicks": int(clicked), "long_clicks": int(long), "carts": 0, "purchases": 0,
        "click_known_at": known if clicked else None, "long_click_known_at": known if long else None,
        "cart_known_at": None, "purchase_known_at": None,
    }  # fmt: skip


def judgments(grades: np.ndarray, share: float, seed: int = 3) -> pd.DataFrame:
    """Draw human grades for a share of the pairs, without dates."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {"application": "shop", "record_id": f"j{query}-{item}", "file_id": "f", "arrived_at": FIRST_DAY,
         "query": f"query {query}", "item_id": f"i{item}", "grade": float(grade), "weight": 1.0,
         "raw_grade": str(grade), "source": "house", "file_path": "judgments/house.jsonl",
         "dated": False, "judged_at": datetime(1970, 1, 1, tzinfo=UTC)}
        for (query, item), grade in np.ndenumerate(grades) if rng.random() < share
    )  # fmt: skip
