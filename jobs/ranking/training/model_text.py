"""Checks the text of a LightGBM ranker before LightGBM reads it.

LightGBM trusts the text. A child node that does not exist, or a count that is too large, crashes the whole process. So
each key must be known, each list must have its length, and the nodes of each tree must form a tree.
"""

import re
from collections.abc import Mapping, Sequence

BEGINS, ENDS = "tree\nversion=v4\n", "end of trees\n"
LARGEST = 64 << 20
"""The largest model in bytes. Models of the recipe have at most a few hundred thousand."""
MOST_LEAVES = 4096
MOST_TREES = 10_000

_HEADER = {
    "version": "v4",
    "num_class": "1",
    "num_tree_per_iteration": "1",
    "label_index": "0",
    "objective": "lambdarank",
}
"""Header keys that have the same value for each ranker."""
_PLAIN = ("max_feature_idx", "feature_names", "feature_infos", "tree_sizes", "monotone_constraints")
_NODES = (
    "split_feature",
    "split_gain",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "internal_value",
    "internal_weight",
    "internal_count",
)
_LEAVES = ("leaf_value", "leaf_weight", "leaf_count")
_SINGLE = {"num_cat": "0", "is_linear": "0"}
_LINE = "\n"
_TREE = re.compile("^(?=Tree=)", re.MULTILINE)
_PLAIN_NAME = re.compile(r"[cf]_[A-Za-z0-9_]+", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{0,40})?(e[+-]?[0-9]{1,3})?", re.ASCII)
_LIMIT = re.compile(f"{_NUMBER.pattern}|inf", re.ASCII)  # inf: each value goes left, a missing one may not


def columns(names: Sequence[str]) -> list[str]:
    """Return the column names that an artifact uses for features: a plain name itself, otherwise `n` and its number.

    A plain name begins with `c_` or `f_`, so the two kinds of names never collide.
    """
    return [name if _PLAIN_NAME.fullmatch(name) else f"n{number}" for number, name in enumerate(names)]


def columns_before(names: Sequence[str]) -> list[str]:
    """Return the column names of version 0.1: other characters became `_`, and equal names got a number."""
    plain = [re.sub(r"[^\w.+-]", "_", name) for name in names]
    return [name if plain.count(name) == 1 else f"{name}_{number}" for number, name in enumerate(plain)]


def columns_of(text: str) -> list[str]:
    """Return the column names of a model that `check` has accepted, in their order."""
    return text.partition("\nfeature_names=")[2].partition("\n")[0].split(" ")


def join(texts: Sequence[str]) -> str:
    """Return one model whose score is the sum of the scores of all. All were trained on the same features.

    All but its trees is taken from the first: once trees are grown, the objective says nothing.
    """
    first = texts[0]
    if len(texts) == 1:
        return first
    grown = [tree for text in texts for tree in _TREE.split(text.partition(ENDS)[0])[1:]]
    trees = [f"Tree={number}\n{tree.partition(_LINE)[2]}" for number, tree in enumerate(grown)]
    sizes = " ".join(str(len(tree.encode("utf-8"))) for tree in trees)
    begin, after = first.partition("\ntree_sizes=")[0], first.partition(ENDS)[2]
    return f"{begin}\ntree_sizes={sizes}\n\n{''.join(trees)}{ENDS}{after}"


def check(text: str, known: Sequence[Sequence[str]]) -> None:
    """Raise ValueError with the fault, unless the text is a lambdarank model with one of the lists of columns.

    All lists name the same features, each in the form of one version of this code.
    """
    if len(text) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST} bytes")
    if not text.startswith(BEGINS) or ENDS not in text:
        raise ValueError("it does not have the beginning and the end of a model")
    header, _, body = text.removeprefix("tree\n").partition("\n\n")
    values = _pairs(header)
    for key, wanted in _HEADER.items():
        if values.get(key) != wanted:
            raise ValueError(f"{key} is not {wanted}")
    _known(values, (*_HEADER, *_PLAIN))
    names = values.get("feature_names", "").split(" ")
    if names not in [list(columns) for columns in known]:
        raise ValueError(FEATURES)
    if values.get("max_feature_idx") != str(len(names) - 1):
        raise ValueError("max_feature_idx does not match the number of its features")
    _check_trees(body.removeprefix("\n"), values.get("tree_sizes", ""), len(names))


FEATURES = "it has other features, or another order of them"


def _check_trees(body: str, sizes: str, features: int) -> None:
    raw = body.encode("utf-8")
    lengths = [_whole(size, LARGEST) for size in sizes.split()]
    if len(lengths) > MOST_TREES:
        raise ValueError(f"it has more than {MOST_TREES} trees")
    at = 0
    for number, length in enumerate(lengths):
        tree = raw[at : at + length].decode("utf-8", errors="replace")
        if not tree.startswith(f"Tree={number}\n"):
            raise ValueError(f"tree {number} does not begin where tree_sizes says")
        try:
            _check_tree(_pairs(tree.partition("\n")[2].strip("\n")), features)
        except ValueError as error:
            raise ValueError(f"tree {number}: {error}") from None
        at += length
    if not raw[at:].startswith(ENDS.encode()):
        raise ValueError("there is text between its last tree and the end of the trees")


def _check_tree(values: Mapping[str, str], features: int) -> None:
    _known(values, ("num_leaves", "shrinkage", *_SINGLE, *_NODES, *_LEAVES))
    leaves = _whole(values.get("num_leaves", ""), MOST_LEAVES)
    for key, wanted in _SINGLE.items():
        if values.get(key) != wanted:
            raise ValueError(f"{key} is not {wanted}")
    _numbers(values, "shrinkage", 1)
    _numbers(values, "leaf_value", leaves)
    if leaves == 1:
        return
    for key in (*_NODES, *_LEAVES):
        _numbers(values, key, leaves if key in _LEAVES else leaves - 1, _LIMIT if key == "threshold" else _NUMBER)
    if not all(_whole(one, features - 1) >= 0 for one in values["split_feature"].split(" ")):
        raise ValueError("it splits by a feature that does not exist")
    if not all(_whole(one, 10) in (0, 2, 8, 10) for one in values["decision_type"].split(" ")):
        raise ValueError("it has splits that are not numerical")
    _check_children(values, leaves)


def _check_children(values: Mapping[str, str], leaves: int) -> None:
    """Raise ValueError unless each leaf (-1, -2, ...) and each node but the first is the child of one earlier node."""
    seen: set[int] = set()
    for key in ("left_child", "right_child"):
        for node, child in enumerate(map(int, values[key].split(" "))):
            if child in seen or not (-leaves <= child < leaves - 1) or 0 <= child <= node:
                raise ValueError("its nodes do not form a tree")
            seen.add(child)
    if len(seen) != 2 * (leaves - 1):
        raise ValueError("its nodes do not form a tree")


def _pairs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.split("\n"):
        key, equals, value = line.partition("=")
        if not equals or key in found:
            raise ValueError(f"the line {line[:40]!r} is not `key=value`, or its key occurs twice")
        found[key] = value
    return found


def _known(values: Mapping[str, str], keys: Sequence[str]) -> None:
    unknown = sorted(set(values) - set(keys))
    if unknown:
        raise ValueError(f"{unknown[0][:40]!r} is not a known key")


def _numbers(values: Mapping[str, str], key: str, count: int, form: re.Pattern[str] = _NUMBER) -> None:
    given = values.get(key, "").split(" ")
    if len(given) != count or not all(form.fullmatch(one) for one in given):
        raise ValueError(f"{key} is not a list of {count} numbers")


def _whole(text: str, most: int) -> int:
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) > most:
        raise ValueError(f"{text[:20]!r} is not a whole number from 0 to {most}")
    return int(text)
