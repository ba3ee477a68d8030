"""The pages in a real browser, on a wide screen and on a phone: nothing overflows, and they say what they should.

    python -m tests.hosted.browser [FOLDER]

Run it manually after `make run`; it keeps a picture of each page in FOLDER. `python -m tests.hosted` runs it too.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, Page, sync_playwright

from infra.local.api import Client
from infra.local.services import running_client
from tests.hosted.chromium import HOW, find_browser
from tests.hosted.looks import faults
from tidemark.catalog import Lake, open_lake, ops
from tidemark.operate.session_outcomes import newest_sessions
from tidemark.settings import Settings, load_settings
from tidemark.settings.addresses import PREFIX

DATASET = "search.interactions"
SCREENS = ((1400, 900, "light"), (390, 844, "light"), (390, 844, "dark"))
"""Width, height and colours. 390 pixels are a usual phone."""
DAYLIGHT = 110
"""Colours of a page darker than this (of 255) count as dark."""


def problems(settings: Settings, client: Client, folder: Path | None = None) -> Iterator[str]:
    """Yield a sentence for each problem. Without a browser, say so and yield none."""
    program = find_browser()
    if program is None:
        print(f"left out: the pages in a browser, because there is no Chromium; to get one, {HOW}")
        return
    pages = pages_to_open(settings, open_lake(settings))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            for screen in SCREENS:
                yield from _screen(browser, client, pages, screen, folder)
            yield from _in_airflow(browser, client, folder)
        finally:
            browser.close()


def pages_to_open(settings: Settings, lake: Lake) -> dict[str, Sequence[str]]:
    """Return the paths of the pages below PREFIX, each with texts that have to stand on it."""
    rows = newest_sessions(lake, ops.of_dataset(DATASET))
    last = next(row["session"] for row in rows if row["how"] != "touch")
    pages: dict[str, Sequence[str]] = {
        "/": ("Status", DATASET, "Complete through", "Act", "steer_ranker"),
        f"/sessions?dataset={DATASET}": (f"Sessions of {DATASET}", last),
        f"/sessions/{last}": (DATASET, "What became of it", "Plan", "Based on snapshot"),
        "/quality": ("Data quality", DATASET, "passed"),
        f"/quality/{DATASET}": (f"Data quality of {DATASET}", "Sessions by day", last),
        f"/quality/{DATASET}?check={quote('mean of clicks')}": ("mean of clicks", "at most 3"),
        "/runbooks": ("Runbooks", "AuditFailed", "overdue"),
        "/runbooks/audit-failed": ("Rows did not pass their audit", "Solved when"),
        "/reports/data-docs/index.html": ("Audits", DATASET, last),
        f"/reports/data-docs/{DATASET}/{last}/index.html": (DATASET, "Expectations", "Floor", "mean of clicks"),
    }
    if (settings.reports / "models" / "index.html").exists():
        pages["/reports/models/index.html"] = ("Ranker", "All rankers")
        pages["/reports/models/rankers.html"] = ("Rankers over time", "Ranker 1", "Newest ranker")
    return pages


def _screen(
    browser: Browser,
    client: Client,
    pages: Mapping[str, Sequence[str]],
    screen: tuple[int, int, str],
    folder: Path | None,
) -> Iterator[str]:
    width, _, scheme = screen
    page = _open(browser, client, screen)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    for number, (path, texts) in enumerate(pages.items()):
        said.clear()
        place = f"{path} at {width} px, {scheme}"
        answer = page.goto(client.url + PREFIX + path)
        if answer is None or answer.status != 200:
            yield f"{place}: answers {answer.status if answer else 'nothing'}"
            continue
        yield from (f"{place}: {fault}" for fault in faults(page))
        shown = page.inner_text("body")
        yield from (f"{place}: does not say {text!r}" for text in texts if text.lower() not in shown.lower())
        yield from (f"{place}: the browser says {text}" for text in said)
        if (_brightness(page) < DAYLIGHT) != (scheme == "dark"):
            yield f"{place}: its colours are not {scheme}"
        if folder is not None:
            page.screenshot(path=folder / f"{number}-{width}-{scheme}.png", full_page=True)
    page.context.close()


def _open(browser: Browser, client: Client, screen: tuple[int, int, str]) -> Page:
    width, height, scheme = screen
    dark = scheme == "dark"
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light")
    context.add_cookies([{"name": "_token", "value": client.log_in(), "url": client.url}])
    return context.new_page()


def _brightness(page: Page) -> float:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    parts = [float(part) for part in colour.partition("(")[2].rstrip(")").split(",")[:3]]
    return sum(parts) / len(parts)


def _in_airflow(browser: Browser, client: Client, folder: Path | None) -> Iterator[str]:
    """Open the status page by its place in Airflow's own UI, where it stands in a frame."""
    page = _open(browser, client, SCREENS[0])
    page.goto(f"{client.url}/plugin/tidemark")
    frame = page.frame_locator("iframe")
    try:
        frame.get_by_role("heading", name="Status").wait_for(timeout=30_000)
        frame.get_by_text(f"{client.url}/tidemark/").wait_for(timeout=30_000)
    except Exception as error:
        yield f"the status page does not stand in Airflow's UI: {str(error).splitlines()[0]}"
    if folder is not None:
        page.screenshot(path=folder / "airflow.png")
    page.context.close()


def main(arguments: Sequence[str]) -> int:
    """Print the problems. Return 1 if there are any, 2 if Airflow is not running."""
    settings = load_settings()
    client = running_client(settings)
    if client is None or len(arguments) > 1:
        print("Airflow is not running; start it with make run" if client is None else __doc__, file=sys.stderr)
        return 2
    folder = Path(arguments[0]) if arguments else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    found = list(problems(settings, client, folder))
    print("\n".join(found) or "the pages were opened in a browser, if there is one, and look as they should")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
