"""Rankers steered by hand on a real lake: what is decided stays through later nights, and the scores follow at once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from steering.registry import DECISIONS, RANKERS
from tests.steering.conftest import REASON, Shop
from tidemark import session
from tidemark.cli.main import main
from tidemark.errors import RequestRefused
from tidemark.operate.remarks import Headline, read_headlines
from tidemark.operate.status_text import shown_instant

pytestmark = [pytest.mark.loop, pytest.mark.spark]


@pytest.mark.long
def test_s71_what_is_decided_stays_until_it_is_taken_back(shop: Shop) -> None:
    first, second = shop.night()["model_version"], shop.night()
    assert second["promoted"]
    assert shop.served == (second["model_version"], second["verdict"])

    shop.decide("rollback")
    assert shop.champion == first
    (card,) = read_headlines(shop.context.lake)
    assert card.value == first
    assert card.words.endswith(" since 2026-04-03T03:00Z; the gate waits for unfreeze"), "since the decision"
    assert shop.served == (
        first, "served again after a rollback by ada at 2026-04-03T03:00Z: buyers complained about it"
    )  # fmt: skip
    for _ in range(2):
        row = shop.night()
        assert not row["promoted"]
        assert row["artifact"] is not None, "it trains and judges all the same"
        assert row["verdict"].startswith(f"Held: {first} stays the champion, served again after a rollback by ada")
        assert "Without this decision: Promoted: nDCG@10" in row["verdict"]
        assert shop.served[0] == first
    third = row["model_version"]

    shop.decide("unfreeze", reason="the complaint was about shipping")
    assert shop.champion == first, "the gate decides from the next night on"
    fourth = shop.night()
    assert fourth["promoted"]
    assert shop.served == (fourth["model_version"], fourth["verdict"])

    shop.decide("promote", third)
    assert shop.served[0] == third
    assert shop.served[1].startswith("promoted by hand by ada")
    rows = shop.context.lake.table(DECISIONS).scan().to_arrow().to_pylist()
    assert sorted(row["action"] for row in rows) == ["promote", "rollback", "unfreeze"]


def test_s71_what_is_impossible_is_refused_and_a_frozen_champion_stays(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.nights = 0
    untrained = shop.night()["model_version"]
    assert read_headlines(shop.context.lake) == (Headline("no ranker", "serves yet"),)
    refuse(shop, "freeze: there is no champion yet", "freeze")
    champion = shop.night()["model_version"]
    refuse(shop, f"rollback: there is no earlier champion .the present one is {champion}.", "rollback")
    refuse(shop, "unfreeze: no decision holds the champion", "unfreeze")
    refuse(shop, "version: 'r9' is no ranker of ranking.rankers; `tidemark ranker list` shows them", "promote", "r9")
    refuse(shop, f"version: {untrained} has no artifact .Nothing to train on yet: 1 cut", "promote", untrained)
    refuse(shop, "reason: 'bad' is not a sentence", "freeze", reason="bad")
    refuse(shop, "reason: write 1 to 500 printable characters", "freeze", reason="it is \x1b[2J bad")
    assert shop.context.lake.table(DECISIONS).scan().to_arrow().num_rows == 0
    assert not (shop.context.settings.landing / "ranker_decisions").exists()

    shop.decide("freeze", reason="no changes during the sale")
    assert shop.served[0] == champion
    assert shop.served[1].endswith("; frozen by ada at 2026-04-03T03:00Z: no changes during the sale")
    refuse(shop, f"freeze: {champion} stays the champion already: frozen by ada", "freeze")
    refuse(shop, f"version: {champion} is already the champion and stays: frozen", "promote", champion)
    refuse(shop, "clock: .* is not after the last decision", "unfreeze", hours=-2)

    assert session.plan(shop.context, RANKERS).how == "touch", "a decision alone trains nothing"
    same = shop.night(new=False)
    assert same["verdict"].startswith(f"Held: {champion} stays the champion, frozen by ada at 2026-04-03T03:00Z")
    assert "Without this decision: Unchanged: the artifact is, byte for byte, that of the champion" in same["verdict"]

    for name, value in shop.env.items():
        monkeypatch.setenv(name, value)
    assert main(["ranker", "unfreeze", "--reason", "the sale is over"]) == 0
    *_, gate, _, pages = capsys.readouterr().out.splitlines()
    assert (gate, pages.partition(": ")[0]) == ("the gate: decides", "3 pages")
    page = (shop.context.settings.reports / "models" / "rankers.html").read_text(encoding="utf-8")
    assert f"Champion: {champion}. Promoted: nDCG@10" in page
    assert main(["ranker", "list"]) == 0
    listed = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert listed[0].startswith(f"3 {same['model_version']} - Held: ")
    assert listed[1].startswith(f"2 {champion} champion Promoted: nDCG@10")
    assert listed[2].startswith(f"1 {untrained} no artifact Nothing to train on yet")
    assert f"after run 2: {champion} frozen by ada at 2026-04-03T03:00Z: no changes during the sale" in listed[3]
    assert listed[-1].startswith(f"ranking.ranker_scores: 3 scores of {champion}, Promoted: nDCG@10")
    assert main(["ranker", "show", "2"]) == 0
    assert "frozen by ada at 2026-04-03T03:00Z: no changes during the sale" in capsys.readouterr().out
    assert main(["ranker", "list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["champion"], found["scores"]["rows"]) == (champion, 3)
    assert timedelta(0) < datetime.now(UTC) - datetime.fromisoformat(found["since"]) < timedelta(hours=1)
    assert [ranker["state"] for ranker in found["rankers"]] == ["no artifact", "champion", "-"]
    assert main(["ranker", "show", "2", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["model_version"], shown["state"]) == (champion, "champion")
    assert isinstance(shown["features"], list) and "artifact" not in shown
    assert main(["watermarks"]) == 0
    since = shown_instant(datetime.fromisoformat(found["since"]))
    assert f"champion: {champion} since {since}, Promoted: nDCG@10" in capsys.readouterr().out
    assert main(["ranker", "rollback", "--reason", "it has become worse"]) == 1
    assert "RequestRefused: rollback: there is no earlier champion" in capsys.readouterr().err


def refuse(shop: Shop, why: str, action: str, version: str | None = None, reason: str = REASON, hours: int = 1) -> None:
    """Assert that a decision is refused, and take back the time that it took."""
    with pytest.raises(RequestRefused, match=why):
        shop.decide(action, version, reason, hours)
    shop.later(hours=-hours)
