"""Query texts that people write in different ways meet under one key, and what people mean to differ stays apart."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ranking.logs.text import USUAL, QueryText, normalise
from tidemark.settings import CHECKOUT, load_settings
from tidemark.spec.fingerprint import logic
from tidemark.spec.load import load_specs

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
EVERY = [
    QueryText(*chosen)
    for chosen in product(
        ("nfkc", "nfc", "none"), ("fold", "keep"), ("fold", "turkish", "keep"), ("single", "keep"), ("remove", "keep")
    )
]


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("", ""),
        ("  Red\t SHOES \n", "red shoes"),
        ("Cafe\u0301  DE\u0301COR", "caf\u00e9 d\u00e9cor"),
        ("STRASSE Straße STRAẞE", "strasse strasse strasse"),
        ("İSTANBUL I\u0307STANBUL istanbul", "istanbul istanbul istanbul"),
        ("ΟΔΟΣ οδος", "οδοσ οδοσ"),
        ("Ｆｕｌｌ\u3000ｗｉｄｔｈ", "full width"),
        ("ｶﾞｰﾄﾞ", "ガード"),
        ("か\u3099", "が"),
        ("\u1112\u1161\u11ab", "한"),
        ("葛\U000e0100", "葛"),
        ("\u200fשלום\u200e \u202bעולם\u202c", "שלום עולם"),
        ("\ufefb\u061c", "\u0644\u0627"),
        ("می\u200cخواهم\u200c", "می\u200cخواهم"),
        ("น้ำแข็ง", "น้ำแข็ง"),
        ("น\u0e4d\u0e49\u0e32", "น้ำ"),
        ("กาแฟ\u200bเย็น", "กาแฟเย็น"),
        ("tent\u200bpole", "tent pole"),
        ("so\u00adfa", "sofa"),
        (f"{FAMILY}  Gift", f"{FAMILY} gift"),
        (f"{SCOTLAND}\u200d", SCOTLAND),
        ("\u2764\ufe0f\u200d\U0001f525", "\u2764\u200d\U0001f525"),
        ("\U0001f44d\U0001f3fd", "\U0001f44d\U0001f3fd"),
        ("\u3164", ""),
    ],
)
def test_the_usual_normal_form(text: str, normal: str) -> None:
    assert normalise(text) == normal


@pytest.mark.parametrize(
    ("step", "text", "without", "with_it"),
    [
        ({"form": "nfc"}, "5 ㎏ ②", "5 ㎏ ②", "5 kg 2"),
        ({"form": "none"}, "cafe\u0301", "cafe\u0301", "caf\u00e9"),
        ({"form": "none"}, "Ｔｅｎｔ", "tent", "tent"),
        ({"width": "keep"}, "ｶﾞ Ａ", "ｶﾞ ａ", "ガ a"),
        ({"case": "keep"}, "Red Straße", "Red Straße", "red strasse"),
        ({"case": "turkish"}, "ISLAK İPLİK", "ıslak iplik", "islak iplik"),
        ({"case": "turkish"}, "DIŞ I\u0307ZMIR", "dış izmır", "diş izmir"),
        ({"spaces": "keep"}, " Red  shoes\t", " red  shoes\t", "red shoes"),
        ({"invisible": "keep"}, "so\u00adfa", "so\u00adfa", "sofa"),
    ],
)
def test_each_step_can_be_switched(step: dict[str, str], text: str, without: str, with_it: str) -> None:
    assert normalise(text, QueryText.of({"query_text": step})) == without
    assert normalise(text) == with_it


def test_nothing_is_changed_if_every_step_is_off() -> None:
    off = QueryText("none", "keep", "keep", "keep", "keep")
    assert [normalise(text, off) for text in (" Ａ\u200b É\t", "e\u0301")] == [" Ａ\u200b É\t", "e\u0301"]


@given(st.text(), st.sampled_from(EVERY))
@example("ΐ", USUAL)
@example("İ̇ ẞ", USUAL)
@example("\u0e32\u0e4d\u0e32", USUAL)
@example("I\u0307", replace(USUAL, case="turkish", form="none"))
def test_the_normal_form_of_a_normal_form_is_itself(text: str, steps: QueryText) -> None:
    once = normalise(text, steps)
    assert normalise(once, steps) == once
    assert steps.spaces == "keep" or once == once.strip()


def test_an_unknown_step_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown key forms; known keys are form, width, case, spaces, invisible"):
        QueryText.of({"query_text": {"forms": "nfc"}})


def test_another_normal_form_changes_the_logic_of_what_reads_query_texts_and_of_nothing_else() -> None:
    values = load_settings({"TIDEMARK_HOME": "/nonexistent"}).values
    changed = {**values, "query_text": {**values["query_text"], "case": "turkish"}}
    specs = load_specs(CHECKOUT / "schemas", values)
    assert {spec.name for spec in specs.values() if logic(spec, values) != logic(spec, changed)} == {
        "judgments", "feature_log", "search_requests", "user_actions", "query_item_features", "relevance_labels",
        "training_examples", "rankers",
    }  # fmt: skip
