"""Table files that are cut short, empty, damaged or gone: the error names them, and a rerun after repair succeeds."""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.accounts.world import Accounts, Event, hour
from tests.loop.damage import Damage, cut_short, damaged, emptied, flipped, gone, local
from tidemark import session
from tidemark.cli import main
from tidemark.errors import EngineError, LandingError, StorageError, WriteError
from tidemark.state.cause import Resync
from tidemark.state.effect import How

pytestmark = [pytest.mark.loop, pytest.mark.spark]

SIGNUPS, FACTS, AROUND = "accounts.signups_feed", "accounts.signups", "accounts.signups_around"


def events(*at: float) -> list[Event]:
    return [Event(f"s{x}", f"account-{x}", x) for x in at]


def only_file(accounts: Accounts, dataset: str) -> Path:
    (file,) = accounts.files(dataset)
    return local(file)


@pytest.mark.parametrize("damage", [cut_short, emptied, flipped, gone])
def test_s29_a_broken_data_file_of_an_input_is_named_and_nothing_is_published(
    accounts: Accounts, damage: Damage
) -> None:
    accounts.append(SIGNUPS, events(0.1, 0.2), complete=1)
    head = accounts.head(FACTS)
    file = only_file(accounts, SIGNUPS)

    with damaged(file, damage), pytest.raises(StorageError, match=file.name) as raised:
        accounts.run(FACTS)

    assert len(str(raised.value).splitlines()) == 1
    assert raised.value.__cause__ is not None, "the engine's own error is kept"
    assert (accounts.head(FACTS), accounts.watermark(FACTS)) == (head, None)
    accounts.run(FACTS)
    assert {row["event_id"] for row in accounts.rows(FACTS)} == {"s0.1", "s0.2"}


def silently_flipped(file: Path) -> None:
    """Flip a bit that changes a value without an error in a reader that does not verify the file."""
    whole = file.read_bytes()
    rows = pq.read_table(io.BytesIO(whole), columns=["happened_at"])
    for place in range(4, len(whole)):
        content = bytearray(whole)
        content[place] ^= 1
        try:
            found = pq.read_table(io.BytesIO(bytes(content)), columns=["happened_at"])
        except Exception:  # noticed by itself
            continue
        if found.num_rows == rows.num_rows and not found.equals(rows):
            file.write_bytes(bytes(content))
            return
    raise AssertionError("no bit of this file changes a value")


def test_s29_a_flipped_bit_that_still_decodes_is_noticed(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, events(0.1, 0.2, 0.3), complete=5)
    accounts.run(FACTS)
    window = replace(accounts.context.specs[AROUND].inputs["signups"], dataset=FACTS)
    spec = replace(accounts.context.specs[AROUND], inputs={"signups": window})
    accounts.context = replace(accounts.context, specs={**accounts.context.specs, AROUND: spec})
    file = only_file(accounts, FACTS)
    file.with_name(f".{file.name}.crc").unlink()  # a local disk has these, an object store has not

    with damaged(file, silently_flipped), pytest.raises(StorageError, match=file.name):
        accounts.run(AROUND)

    assert accounts.watermark(AROUND) is None


def test_s29_a_damaged_target_is_built_anew_by_a_resync(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, events(0.1, 0.2), complete=1)
    accounts.run(FACTS)
    rows = accounts.rows(FACTS)
    gone(only_file(accounts, FACTS))

    session.run(accounts.context, FACTS, Resync(), say=accounts.said.append)

    assert accounts.rows(FACTS) == rows


def metadata_file(accounts: Accounts, kind: str) -> Path:
    table = accounts.table(SIGNUPS)
    snapshot = table.current_snapshot()
    assert snapshot is not None
    if kind == "metadata":
        return local(table.metadata_location)
    return local(snapshot.manifest_list if kind == "list" else snapshot.manifests(table.io)[0].manifest_path)


@pytest.mark.parametrize("damage", [cut_short, emptied, flipped, gone])
@pytest.mark.parametrize("kind", ["manifest", "list", "metadata"])
def test_s29_a_broken_metadata_file_of_an_input_is_named(accounts: Accounts, kind: str, damage: Damage) -> None:
    accounts.append(SIGNUPS, events(0.1), complete=1)
    wanted = accounts.plan(FACTS)
    file = metadata_file(accounts, kind)

    with damaged(file, damage), pytest.raises(StorageError, match=file.name):
        session.plan(session.open_context(accounts.settings, hour(24)), FACTS)

    assert accounts.plan(FACTS) == wanted


def without_entries(manifest: Path) -> None:
    """Cut the file right after its header: it can still be decoded, but lists no entry."""
    content = manifest.read_bytes()
    sync = content[-16:]
    manifest.write_bytes(content[: content.index(sync) + 16])


def test_s29_a_manifest_that_lost_its_entries_is_not_taken_for_an_empty_one(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, events(0.1), complete=1)
    file = metadata_file(accounts, "manifest")

    with damaged(file, without_entries), pytest.raises(StorageError, match=file.name):
        accounts.plan(FACTS)


def test_s29_a_broken_file_of_the_ops_tables_is_said(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, events(0.1), complete=1)
    session.init(accounts.context, FACTS, say=accounts.said.append)
    (file,) = (local(task.file.file_path) for task in accounts.context.lake.table("ops.sessions").scan().plan_files())

    with damaged(file, cut_short), pytest.raises(StorageError, match=r"ops\.sessions"):
        session.init(accounts.context, FACTS, say=accounts.said.append)

    assert accounts.run(FACTS).plan.how is How.append


def test_s29_a_landed_file_that_changed_since_it_was_planned_is_said_in_one_line(accounts: Accounts) -> None:
    folder = accounts.settings.landing / "signups"
    folder.mkdir(parents=True)
    file = folder / "a.json"
    record = {"kind": "signups", "event_id": "s1", "account_id": "a", "happened_at": hour(1).isoformat()}
    file.write_text(json.dumps(record) + "\n", encoding="utf-8")
    os.utime(file, (hour(1).timestamp(),) * 2)
    planned = session.init(accounts.context, SIGNUPS, say=accounts.said.append)
    file.write_text(json.dumps({**record, "event_id": "s2"}) + "\n", encoding="utf-8")

    with pytest.raises(LandingError, match=r"a\.json: changed after it was planned; run .*init$"):
        session.write_audit_publish(accounts.context, SIGNUPS, planned.plan.session, say=accounts.said.append)


def test_a_transform_that_asks_for_what_is_not_there_is_a_write_error(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.accounts import transforms

    accounts.append(SIGNUPS, events(0.1), complete=1)
    monkeypatch.setattr(transforms, "facts", lambda inputs, params: inputs["feed"].select("no_such_column"))

    with pytest.raises(WriteError, match=r"accounts\.signups: .*no_such_column"):
        accounts.run(FACTS)


@pytest.mark.embedded_catalog
def test_s29_a_catalog_that_is_no_database_is_one_sentence_of_the_command_line(
    accounts: Accounts, command_line: None, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts.append(SIGNUPS, events(0.1), complete=1)
    accounts.context.lake.catalog.engine.dispose()
    database = accounts.settings.lake / "catalog.db"

    with damaged(database, lambda file: file.write_bytes(b"no database at all " * 300)):
        with pytest.raises(EngineError, match="the catalog does not answer"):
            session.open_context(accounts.settings, hour(24))
        assert main(["watermarks"]) == 1

    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("EngineError: ")
    assert main(["watermarks"]) == 0
