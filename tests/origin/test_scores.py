"""A row of the scores leads to its ranker, its release, the snapshots that were read, and its landed file."""

from __future__ import annotations

import json

import pytest

from steering.registry import DECISIONS, RANKERS, SCORES
from tests.origin.conftest import Pairs, reached
from tidemark.cli.main import main
from tidemark.operate.origin.explanation import explain_row
from tidemark.operate.releases import write_release

pytestmark = [pytest.mark.loop, pytest.mark.spark]


def test_a_score_is_explained_down_to_its_file(pairs: Pairs, capsys: pytest.CaptureFixture[str]) -> None:
    pairs.hand_in("a.jsonl", "i1", "i2")
    pairs.hand_in("b.jsonl", "i4", "i3")
    pairs.night()
    ranker = pairs.night()
    release = write_release(pairs.context, SCORES)
    assert release.written

    found = explain_row(pairs.context.lake, pairs.context.specs, SCORES, {"item_id": "i3", "query": "boots"})
    assert {(dataset, path, places) for dataset, path, places, _ in reached(found)} == {
        ("ranking.pairs", "pairs/b.jsonl", (2,))
    }
    assert [each.release for each in found.releases] == [release.release]
    (origin,) = found.row.origins
    read = {step.input: step for step in origin.inputs}
    assert {step.dataset for step in read.values()} == {RANKERS, DECISIONS, "ranking.query_item_features"}
    assert all(step.snapshot == release.tables[step.dataset] for step in read.values())
    (row,) = read["rankers"].rows
    assert row["model_version"] == ranker["model_version"] == found.row.rows[0]["model_version"]
    assert "artifact" not in row, "a megabyte of text helps nobody"
    (training,) = read["rankers"].origins
    assert ranker["model_version"] == f"r{training.session}"
    examples = {step.input: step for step in training.inputs}["examples"]
    assert (examples.matched, examples.snapshot) == ("read as a whole", release.tables[examples.dataset])

    assert main(["explain", SCORES, "item_id=i3", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [file["file"]["path"] for file in told["files"]] == ["pairs/b.jsonl"]
    assert told["explanation"]["releases"][0]["release"] == release.release

    assert main(["explain", SCORES, "item_id=i3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{SCORES}: 1 row with these keys, at snapshot ")
    assert f"  in {release.release} of " in "\n".join(lines)
    assert lines[-2] == "landed files: 1" and lines[-1].startswith("  pairs/b.jsonl  sha256 ")

    assert main(["explain", SCORES, "item=i3"]) == 1
    assert "(did you mean item_id?)" in capsys.readouterr().err
