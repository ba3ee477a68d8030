"""The building blocks of a report page, and its style sheet. Arguments that are not HTML are escaped here."""

from collections.abc import Mapping, Sequence
from html import escape

STYLE = """
:root{--ink:#16222e;--soft:#5b6b7a;--line:#dfe6ec;--page:#f4f7f9;--card:#fff;--tide:#0b6e8a;--sand:#d9962b;
--train:#0b6e8a;--valid:#58b0c4;--gap:#c3ced8;--dropped:#e3dccf;--test:#d9962b;--good:#17785a;--bad:#b23a3a;--unsure:#9a6b10}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#93a4b3;--line:#2a3844;--page:#0e161d;--card:#16212b;
--tide:#4fb6d0;--sand:#e6b05a;--train:#3a9db8;--valid:#7fcbdc;--gap:#44535f;--dropped:#3b3a35;--test:#e6b05a;--good:#4cc39a;
--bad:#ec7f7f;--unsure:#e0b45c}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:860px;margin:0 auto;padding:40px 20px 64px}
.kicker{margin:0;color:var(--tide);font-weight:600;letter-spacing:.04em}
h1{margin:2px 0 18px;font-size:30px;line-height:1.2;overflow-wrap:anywhere}h2{margin:0 0 14px;font-size:19px}
h3{margin:26px 0 4px;font-size:16px}h2+h3{margin-top:0}p{margin:0 0 10px}
.note,figcaption{color:var(--soft);font-size:13.5px}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:22px 26px;margin-top:18px}
.verdict{border-left:5px solid;border-radius:10px;padding:16px 22px;background:var(--card)}
.verdict p{margin:2px 0 0}.verdict strong{font-size:18px}
.good{border-color:var(--good)}
.good strong{color:var(--good)}.bad{border-color:var(--bad)}.bad strong{color:var(--bad)}
.unsure{border-color:var(--unsure)}.unsure strong{color:var(--unsure)}
dl{display:grid;grid-template-columns:150px 1fr;gap:6px 18px;margin:0 0 14px}dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th{color:var(--soft);font-weight:500;text-align:right;border-bottom:1px solid var(--line);padding:5px 10px}
td{text-align:right;padding:6px 10px;border-bottom:1px solid var(--line);white-space:nowrap}
tr:last-child td{border-bottom:0}td strong{white-space:nowrap}td small{display:block;color:var(--soft);font-size:11.5px}
th:first-child,td:first-child{text-align:left;padding-left:0}
details{border-bottom:1px solid var(--line);padding:7px 0}summary{cursor:pointer;overflow-wrap:anywhere}
details table{margin:6px 0 10px}details td,details th{text-align:left;white-space:normal;overflow-wrap:anywhere;
vertical-align:top}details th+th{width:48%}
details td:first-child,details th:first-child{white-space:nowrap;overflow-wrap:normal}
.tiles{display:flex;flex-wrap:wrap;gap:10px 30px;margin:0 0 14px}
.tiles div{color:var(--soft);font-size:13.5px}.tiles strong{display:block;color:var(--ink);
font-size:22px;line-height:1.25}
.tiles .up strong{color:var(--good)}.tiles .down strong{color:var(--bad)}
figure{margin:10px 0 16px}svg{width:100%;height:auto;display:block;margin-bottom:6px}
.tag{font-size:12px;font-weight:600;color:var(--card);background:var(--tide);border-radius:99px;padding:2px 9px}
.tag.plain{background:var(--soft)}a{color:var(--tide)}nav{display:flex;flex-wrap:wrap;gap:4px 20px;margin:0 0 14px}
.key::before{content:"";display:inline-block;width:10px;height:10px;border-radius:3px;margin:0 6px 0 10px}
.key.behaviour::before{background:var(--tide)}.key.content::before{background:var(--sand)}
svg text{fill:var(--soft);font-size:12.5px;font-family:inherit}svg .grid{stroke:var(--line)}
rect.train,rect.behaviour{fill:var(--train)}rect.valid{fill:var(--valid)}rect.gap{fill:var(--gap)}
rect.test{fill:var(--test)}rect.dropped{fill:var(--dropped)}rect.content{fill:var(--sand)}.dot{fill:var(--card);stroke:var(--ink);stroke-width:2}
.whisker{stroke-width:3;stroke-linecap:round}line.plain{stroke:var(--gap)}line.strong{stroke:var(--tide)}
circle.plain{fill:var(--soft)}circle.strong{fill:var(--tide)}svg text.strong{fill:var(--ink);font-weight:600}
.curve{fill:none;stroke-width:2.2;stroke-linejoin:round}.mark{stroke:var(--soft);stroke-dasharray:3 4}
.band{fill:var(--tide);opacity:.12}polyline.s0{stroke:var(--tide)}polyline.s1{stroke:var(--sand)}
polyline.s2{stroke:var(--good)}polyline.s3{stroke:var(--bad)}polyline.s4{stroke:var(--soft)}
svg text.s0{fill:var(--tide)}svg text.s1{fill:var(--sand)}svg text.s2{fill:var(--good)}svg text.s3{fill:var(--bad)}
circle.s0{fill:var(--tide)}circle.s1{fill:var(--sand)}circle.s2{fill:var(--good)}
svg text.t-train{fill:var(--train)}svg text.t-test{fill:var(--test)}
@media(max-width:560px){main{padding:24px 12px 48px}figure{overflow-x:auto}figure svg{min-width:560px}
th,td{padding:5px 4px;white-space:normal;overflow-wrap:anywhere}
.whole th,.whole td+td{overflow-wrap:normal}
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}section{padding:18px 16px}}
@media print{section{break-inside:avoid}}
"""


def page(title: str, body: str) -> str:
    """Return the whole document. `body` is HTML."""
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    return (
        f'<!doctype html><html lang="en"><head>{head}<title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def section(title: str, body: str) -> str:
    """Return a card with a title. `body` is HTML."""
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def figure(picture: str, caption: str) -> str:
    """Return a picture with its caption. Both are HTML."""
    return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"


def tiles(values: Sequence[tuple[str, str, str]]) -> str:
    """Return large figures, each as (figure, what it is, `up`, `down` or an empty text)."""
    found = (
        f"<div class='{escape(tone)}'><strong>{escape(figure)}</strong>{escape(what)}</div>"
        for figure, what, tone in values
    )
    return f"<div class=tiles>{''.join(found)}</div>"


def facts(values: Mapping[str, object]) -> str:
    """Return a list of names with their values."""
    return (
        "<dl>"
        + "".join(f"<dt>{escape(name)}</dt><dd>{escape(str(text))}</dd>" for name, text in values.items())
        + "</dl>"
    )


def grid(head: Sequence[str], rows: Sequence[Sequence[object]], whole: bool = False) -> str:
    """Return a table of plain texts. In a cell, the text after a line break is printed small; `whole` as in `table`."""
    return table(head, [[_cell(cell) for cell in row] for row in rows], whole)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], whole: bool = False) -> str:
    """Return a table. The cells are HTML.

    On a phone, words are broken anywhere. If `whole`, only those of the first column are, which suits few columns.
    """
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    kind = " class=whole" if whole else ""
    return f"<div class=scroll><table{kind}><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"


def folded(summary: str, body: str) -> str:
    """Return content that a click opens. `body` is HTML."""
    return f"<details><summary>{escape(summary)}</summary>{body}</details>"


def _cell(cell: object) -> str:
    text, _, small = str(cell).partition("\n")
    return escape(text) + (f"<small>{escape(small)}</small>" if small else "")
