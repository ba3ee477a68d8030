"""Reading specs (minimal)."""
from __future__ import annotations
import re
from datetime import timedelta
from pathlib import Path
import yaml
from tidemark.errors import SpecError
from tidemark.spec.model import *

def parse_duration(text):
    m = re.fullmatch(r"(-?)(\d+)([dhm])", str(text))
    if not m: raise SpecError(f"bad duration {text}")
    v = timedelta(**{{"d":"days","h":"hours","m":"minutes"}[m[3]]: int(m[2])})
    return -v if m[1] else v

def _var(v, values):
    if isinstance(v, str) and re.fullmatch(r"-?\$\w+", v):
        n = values[v.lstrip("-$")]
        return ("-"+str(n)) if v.startswith("-") else n
    return v

def _dur(v, values):
    v=_var(v, values)
    return None if v == "all" else parse_duration(v)

def load_spec(path, values):
    raw = yaml.safe_load(Path(path).read_text())
    cols = {n: Column(name=n, type=c["type"].replace(" ",""), means=c["means"], required=c.get("required", False), unit=c.get("unit"), min=c.get("min"), max=c.get("max"), one_of=tuple(c["one_of"]) if c.get("one_of") else None, max_length=c.get("max_length")) for n, c in raw["columns"].items()}
    inputs = {}
    for n, i in (raw.get("inputs") or {}).items():
        w = i.get("window", {})
        inputs[n] = InputSpec(n, i["dataset"], i.get("event_time"), _dur(w.get("before", "0d"), values), _dur(w.get("after", "0d"), values), i.get("rows", False), i.get("optional", False), i.get("waits_for", "complete_through"))
    parts = []
    for p in raw.get("partition_by") or []:
        m = re.fullmatch(r"(\w+)\((\w+)\)", p)
        parts.append(Partition(m[1], m[2]) if m else Partition("identity", p))
    exps = []
    for e in raw.get("expectations") or []:
        t = e["expect"]; k=dict(severity=e.get("severity","fail"), because=e["because"], min=e.get("min"), max=e.get("max"))
        if t.startswith("rows where "): exps.append(Expectation(kind="rows_where", condition=t[11:], at_most=e.get("at_most", 0), **k))
        elif t == "row count": exps.append(Expectation(kind="row_count", **k))
        elif t.startswith("mean of "): exps.append(Expectation(kind="mean", column=t[8:], **k))
        elif t.startswith("distinct "): exps.append(Expectation(kind="distinct", column=t[9:], **k))
        else: raise SpecError(t)
    l = raw.get("landing")
    return DatasetSpec(dataset=raw["dataset"], why=raw["why"], grain=tuple(raw["grain"]), mode=raw["mode"], columns=cols, path=Path(path), event_time=raw.get("event_time"), partition_by=tuple(parts), transform=raw.get("transform"), params={k: _var(v, values) for k, v in (raw.get("params") or {}).items()}, settings=tuple(raw.get("settings") or ()), inputs=inputs, replace=raw.get("replace", "append" if raw["mode"]=="versioned" else None), catch_up_limit=_dur(raw["catch_up_limit"], values) if raw.get("catch_up_limit") else None,
      landing=LandingSpec(l["group"], tuple(l["folders"]), l["parser"], l.get("completeness","clock"), _dur(l.get("settling","15m"), values), l.get("quarantine")) if l else None, expectations=tuple(exps))

def load_specs(folder, values):
    return {s.dataset: s for s in (load_spec(p, values) for p in sorted(Path(folder).glob("*.yaml")))}
