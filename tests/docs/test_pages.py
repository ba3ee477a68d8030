"""Links, make targets, commands, datasets, files, errors and decisions that the pages name exist."""

from __future__ import annotations

import re
import shlex
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tests.docs.pages import CHECKOUT, PAGES, commands, links, marked, name_of, spans
from tidemark import errors
from tidemark.catalog import ops
from tidemark.cli.main import _parser
from tidemark.settings import load_settings
from tidemark.spec import DatasetSpec
from tidemark.spec.load import load_specs

EXAMPLES = marked(CHECKOUT / "docs" / "cookbook" / "add-a-dataset.md", "example")
EXAMPLE = "ranking.query_volumes"
each_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, DatasetSpec]:
    """All specs of the checkout by their full names."""
    settings = load_settings({"TIDEMARK_HOME": str(tmp_path_factory.mktemp("home"))})
    return load_specs(settings.schemas, settings.values)


@each_page
def test_links_lead_to_files(page: Path) -> None:
    missing = [link for link in links(page) if not (page.parent / link).exists()]
    assert not missing


@each_page
def test_named_files_exist(page: Path) -> None:
    named = [span for span in spans(page) if re.fullmatch(r"(\w+/)+(\w+\.(py|yaml))?", span)]
    bases = (CHECKOUT, CHECKOUT / "jobs", CHECKOUT / "jobs" / "tidemark")
    folders_of_a_home = re.compile(
        r"(landing|queries|events|logs|judgments|items|feature_log|lake|reports|airflow|run|warehouse)/.*"
    )
    missing = [
        path
        for path in named
        if not any((base / path).exists() for base in bases)
        and path not in EXAMPLES
        and not folders_of_a_home.fullmatch(path)
    ]
    assert not missing


def test_make_targets_exist() -> None:
    asked = {
        target
        for page in PAGES
        for command in commands(page)
        for target in re.findall(r"^(?:[A-Z_]+=\S+ )*make ([a-z][a-z-]*)", command.strip())
    }
    there = set(re.findall(r"^([a-z][a-z-]*):", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"run", "test", "stop"} <= asked
    assert asked <= there


def test_commands_are_understood() -> None:
    """The parser of the command accepts each `tidemark ...` on the pages, with values in place of placeholders."""
    found = [c.split("bin/tidemark ", 1)[1] for page in PAGES for c in commands(page) if "bin/tidemark " in c]
    assert len(found) > 10
    for command in found:
        words = [word.strip("[]") for word in shlex.split(command)]
        assert _parser().parse_args([word.replace("...", "2026-04-01") for word in words]).command


@each_page
def test_named_tables_exist(page: Path, specs: dict[str, DatasetSpec]) -> None:
    known = {*specs, *ops.SCHEMAS, EXAMPLE, "search.yaml"}
    named = {span for span in spans(page) if re.fullmatch(r"(search|ranking|ops)\.[a-z_]+", span)}
    assert named <= known


def test_the_picture_shows_each_dataset_and_each_dag_that_builds(specs: dict[str, DatasetSpec]) -> None:
    picture = ElementTree.parse(CHECKOUT / "docs" / "figures" / "flow.svg")
    words = {text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")}
    names = {word for word in words if word and re.fullmatch(r"[a-z]+(_[a-z]+)*", word)} - {
        "hourly",
        "daily",
        "nightly",
    }
    dags = {path.stem for path in (CHECKOUT / "dags").glob("*.py")} - {
        "maintain_tables",
        "watch_tables",
        "restate",
        "steer_ranker",
    }
    assert names == {spec.name for spec in specs.values()} | dags


def test_the_other_picture_is_well_formed() -> None:
    picture = ElementTree.parse(CHECKOUT / "docs" / "figures" / "loop.svg")
    words = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert [word for word in words if word in ("init", "write", "audit", "publish", "commit")]


def test_each_error_has_a_runbook() -> None:
    index = (CHECKOUT / "docs" / "runbooks" / "README.md").read_text(encoding="utf-8")
    raised = {
        name
        for name, error in vars(errors).items()
        if isinstance(error, type) and issubclass(error, errors.TidemarkError)
    } - {"TidemarkError", "TargetChanged"}
    assert {name for name in raised if f"`{name}`" not in index} == set()


def test_runbooks_and_decisions_are_listed() -> None:
    for folder in ("runbooks", "decisions"):
        index = CHECKOUT / "docs" / folder / "README.md"
        pages = {path.name for path in index.parent.glob("*.md")} - {"README.md"}
        assert pages == set(links(index))


def test_decisions_are_numbered_short_and_whole() -> None:
    pages = sorted((CHECKOUT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert re.findall(r"^## (\w+)", text, re.MULTILINE) == ["Context", "Decision", "Rejected", "Consequences"]
        assert len(text.splitlines()) <= 40
