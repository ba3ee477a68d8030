"""Input files of the user: each is landed once and never changed, and files that are left out are named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from infra.local import homes, inputs, run
from infra.local.errors import HostError
from tidemark.settings import CHECKOUT, Settings


@pytest.fixture
def settings(home: Path) -> Settings:
    return Settings(home=home, schemas=CHECKOUT / "schemas")


def silent(_: str) -> None:
    """Ignore the text."""


def test_what_spark_wrote_beside_its_files_is_left_out_by_name(settings: Settings, tmp_path: Path) -> None:
    given = tmp_path / "given"
    (given / "_temporary" / "0").mkdir(parents=True)
    for name in ("part-0.jsonl", "_SUCCESS", "_temporary/0/part-1.jsonl"):
        (given / name).write_text("{}\n")
    taken = inputs.hand_in(settings.landing, {"LOGS": given})
    assert (taken.new, taken.left_out) == (
        1,
        tuple(f"{given / name}: {inputs.UNFINISHED}" for name in ("_SUCCESS", "_temporary/0/part-1.jsonl")),
    )


def test_files_are_handed_in_once_and_never_changed(settings: Settings, tmp_path: Path) -> None:
    logs = tmp_path / "given"
    (logs / "2026-04-12T07").mkdir(parents=True)
    (logs / "2026-04-12T07" / "a.jsonl").write_text("{}\n")
    (logs / "README.md").write_text("about")
    first = inputs.hand_in(settings.landing, {"LOGS": logs})
    assert (first.new, first.left_out) == (1, (f"{logs / 'README.md'}: its ending is not that of a log",))
    assert inputs.hand_in(settings.landing, {"LOGS": logs}).new == 0
    (logs / "b.jsonl.gz").write_bytes(b"b")
    (logs / "2026-04-12T07" / "a.jsonl").unlink()
    (logs / "2026-04-12T07" / "a.jsonl").write_text('{"more": 1}\n')
    assert inputs.hand_in(settings.landing, {"LOGS": logs}).new == 2
    landed = [p.relative_to(settings.landing) for p in settings.landing.rglob("*.jsonl*")]
    assert sorted(p.name for p in landed) == ["a.jsonl", "a.jsonl", "b.jsonl.gz"], "a name may say what a grade means"
    assert all(p.is_relative_to("logs/2026-04-12T07") for p in landed if p.name == "a.jsonl")
    assert (settings.landing / "logs/2026-04-12T07/a.jsonl").read_text() == "{}\n"


def test_what_is_handed_in_by_a_name_of_its_own_is_no_log(settings: Settings, tmp_path: Path) -> None:
    for place in ("ubi/queries.jsonl", "ubi/grades.jsonl", "ubi/items/shop.jsonl"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(place, encoding="utf-8")
    ubi = tmp_path / "ubi"

    inputs.hand_in(settings.landing, {"LOGS": ubi, "JUDGMENTS": ubi / "grades.jsonl", "ITEMS": ubi / "items"})

    landed = {str(path.relative_to(settings.landing)) for path in settings.landing.rglob("*") if path.is_file()}
    assert landed == {"logs/queries.jsonl", "judgments/grades.jsonl", "items/shop.jsonl"}


def test_a_folder_without_a_log_is_refused(settings: Settings, tmp_path: Path) -> None:
    logs = tmp_path / "given"
    logs.mkdir()
    with pytest.raises(HostError, match=r"LOGS=.*given: contains no usable file; name another"):
        inputs.hand_in(settings.landing, {"LOGS": logs})
    (logs / "README.md").write_text("about")
    with pytest.raises(HostError, match=r"usable file \(.*README.md: its ending is not that of a log\)"):
        inputs.hand_in(settings.landing, {"LOGS": logs})


def test_a_missing_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="LOGS="):
        inputs.read_inputs({"LOGS": str(tmp_path / "nowhere")})


@pytest.mark.parametrize("name", ["events.part", "events.jsonl.tmp", ".events.jsonl"])
def test_a_file_that_landing_would_not_look_at_is_refused(settings: Settings, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{}\n")
    with pytest.raises(HostError, match=f"LOGS={tmp_path / name}: .*rename it once"):
        homes.prepare(settings, {"LOGS": str(tmp_path / name)}, silent)
    assert not list(settings.home.iterdir())
    with pytest.raises(HostError, match="contains no usable file"):
        inputs.hand_in(settings.landing, {"LOGS": tmp_path / name})


def test_a_file_named_alone_may_have_any_ending(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "events.2026-04-12").write_text("{}\n")
    assert inputs.hand_in(settings.landing, inputs.read_inputs({"LOGS": str(tmp_path / "events.2026-04-12")})).new == 1


def test_what_is_neither_file_nor_folder_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(HostError, match="LOGS="):
        inputs.read_inputs({"LOGS": str(tmp_path / "pipe")})


def test_links_that_are_not_followed_are_named(settings: Settings, tmp_path: Path) -> None:
    logs, elsewhere = tmp_path / "logs", tmp_path / "elsewhere"
    logs.mkdir()
    elsewhere.mkdir()
    (elsewhere / "a.jsonl").write_text("{}\n")
    (logs / "april").symlink_to(elsewhere)
    (logs / "gone.jsonl").symlink_to(tmp_path / "nowhere")
    (logs / "loop").symlink_to(logs / "loop")
    (logs / "one.jsonl").symlink_to(elsewhere / "a.jsonl")

    taken = inputs.hand_in(settings.landing, {"LOGS": logs})

    assert taken.new == 1
    assert [line.partition(": ")[0] for line in taken.left_out] == [
        str(logs / n) for n in ("april", "gone.jsonl", "loop")
    ]


@pytest.mark.parametrize("given", ["a.jsonl", "2026-04-12T07/a.jsonl"])
def test_a_file_in_place_of_a_landing_folder_is_named(settings: Settings, tmp_path: Path, given: str) -> None:
    (tmp_path / "logs" / given).parent.mkdir(parents=True)
    (tmp_path / "logs" / given).write_text("{}\n")
    settings.landing.mkdir()
    (settings.landing / "logs").write_text("")
    with pytest.raises(HostError, match=f"^{settings.landing / 'logs'}: is not a folder"):
        inputs.hand_in(settings.landing, {"LOGS": tmp_path / "logs"})


def test_what_the_disk_refuses_ends_in_a_sentence(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n")
    for name, value in {
        "TIDEMARK_HOME": str(settings.home),
        "LOGS": str(tmp_path / "a.jsonl"),
        "PORT": "18999",
    }.items():
        monkeypatch.setenv(name, value)

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(inputs, "hand_in", refuse)
    assert run.main() == 1
    assert "No space left on device" in capsys.readouterr().err
