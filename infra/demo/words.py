"""The vocabulary of the demo shop. It was written for the demo and contains no third-party data."""

from __future__ import annotations

NOUNS = (
    "backpack", "boots", "kettle", "lamp", "tent", "jacket", "desk", "chair", "headphones", "keyboard",
    "blender", "rug", "mirror", "bottle", "helmet", "gloves", "scarf", "wallet", "watch", "notebook",
    "pillow", "blanket", "curtain", "shelf", "stool", "speaker", "camera", "tripod", "charger", "monitor",
    "skillet", "teapot", "knife", "tray", "basket", "planter", "hammock", "cooler", "towel", "slippers",
    "umbrella", "suitcase", "raincoat", "sandals", "racket", "bicycle", "toaster", "radio",
)  # fmt: skip
SETTINGS = ("travel", "office", "outdoor", "kids", "garden", "studio", "winter", "compact")
BRANDS = (
    "alderway", "brightfen", "corvane", "dunmoor", "eastlark", "fernhollow", "greyloch", "harwick",
    "ironvale", "juniper", "kestrand", "lowmere", "maplecroft", "northquay", "oakhurst", "pinegate",
    "quillon", "ravenel", "silvermoss", "thornby", "umberfield", "velmont", "westrow", "yarrowdale",
)  # fmt: skip
STYLES = (
    "classic", "foldable", "slim", "heavy", "quiet", "modern", "vintage", "wide",
    "portable", "soft", "sturdy", "light", "waterproof", "padded", "round", "tall",
)  # fmt: skip
MATERIALS = (
    "leather", "cotton", "steel", "bamboo", "wool", "canvas", "glass", "oak",
    "linen", "copper", "nylon", "ceramic",
)  # fmt: skip
COLOURS = (
    "black", "white", "red", "blue", "green", "grey", "brown", "yellow", "purple", "orange", "beige", "teal",
)  # fmt: skip

ASPECTS = (BRANDS, STYLES, MATERIALS, COLOURS)
"""The aspects of items and queries, in this order: brand, style, material, colour."""
POOL_SIZES = (6, 4, 3, 4)
"""The number of words of each aspect that a topic uses."""
WANTS = ((0,), (1,), (2,), (3,), (1, 2), (1, 3), (2, 3), (0, 1))
"""The aspects that each of the eight queries of a topic names."""


def topic_words(topic: int) -> tuple[str, str]:
    """Return the setting and the noun of a topic. Topics 2n and 2n + 1 are sisters: they share the noun."""
    pair = topic // 2
    return SETTINGS[topic % 2 + 2 * (pair // len(NOUNS))], NOUNS[pair % len(NOUNS)]


def category_of(topic: int) -> str:
    """Return the category path of a topic, such as `travel/backpack`."""
    return "/".join(topic_words(topic))
