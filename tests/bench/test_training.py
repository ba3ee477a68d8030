"""The bench of training measures fresh processes, and prints nothing unless the rankers are equally good."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from bench.training import __main__ as bench
from bench.training.measured import Measured, measured

TINY = ["rows=4000", "features=8", "rounds=4", "tests=2000"]
BUDGET = json.dumps({"sample": 1, "row_group": 1, "need": 1})


@pytest.mark.e2e
def test_the_bench_prints_peaks_times_and_both_ratios(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(TINY) == 0
    told = capsys.readouterr().out
    assert told.startswith("training: 4,000 rows x 8 features, 4 rounds; nDCG@10 0.")
    for part in ("plain, double", "plain, float", "builder", "trainer"):
        assert re.search(rf"^  {part} +\d+ MB +\d+\.\d s$", told, re.MULTILINE), part
    assert "ours beside plain, double: " in told
    assert "again: python -m bench.training rows=4000 features=8 rounds=4 tests=2000 memory=2048" in told


def test_rankers_are_equal_within_noise_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.are_equal([0.0, 0.0019, -0.0019], [0.0, 0.0001, 0.0001])
    assert bench.are_equal([0.0, 0.0059], [0.0, 0.002])
    assert not bench.are_equal([0.0, -0.0061], [0.0, 0.002])
    finished = Measured(1.0, 1, json.dumps([[0.5, 0.5, 0.6], [0.0, 0.0, 0.1], [0.0, 0.0, 0.01]]))
    monkeypatch.setattr(
        bench,
        "measured",
        lambda arguments: replace(finished, output=BUDGET) if "bench.training.made" in arguments else finished,
    )
    assert bench.main(TINY) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "differ beyond noise: 0.5000, 0.5000, 0.6000" in told.err


@pytest.mark.parametrize("argument", ["rows=30", "rows=0", "tests=7", "depth=3", "rows=many"])
def test_wrong_sizes_are_refused(argument: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main([argument]) == 2
    assert "bench.training: " in capsys.readouterr().err


def test_the_peak_of_a_process_is_its_own() -> None:
    small, large = (measured(["-c", f"held = bytearray({size}); print(len(held))"]) for size in (1, 300_000_000))
    assert large.output == "300000000"
    assert small.peak < 100_000_000 < 300_000_000 < large.peak
    with pytest.raises(RuntimeError, match="ended with 3"):
        measured(["-c", "raise SystemExit(3)"])
