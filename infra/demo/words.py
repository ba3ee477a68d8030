"""The vocabulary of the demo shop. Written for it; no data of anybody else."""

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
"""What an item is and a query may ask for, in this order: brand, style, material, colour."""
POOL_SIZES = (6, 4, 3, 4)
"""How many words of each aspect a topic uses."""
WANTS = ((0,), (1,), (2,), (3,), (1, 2), (1, 3), (2, 3), (0, 1))
"""The aspects that the eight queries of a topic ask for."""


def topic_words(topic: int) -> tuple[str, str]:
    """Setting and noun of a topic. Topics 2n and 2n + 1 are sisters: they share the noun."""
    pair = topic // 2
    return SETTINGS[topic % 2 + 2 * (pair // len(NOUNS))], NOUNS[pair % len(NOUNS)]


def category_of(topic: int) -> str:
    """The category path of a topic, `travel/backpack`."""
    return "/".join(topic_words(topic))
