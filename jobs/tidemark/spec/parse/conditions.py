"""The grammar of conditions: what of SQL may stand in `rows where`, and so reach the engine.

Columns of the dataset, literals, comparisons, arithmetic, and, or, not, a few functions. Nothing that reads
another table, calls into the engine's runtime, or hides behind a comment can be said in it. docs/spec-language.md
is the reference for people.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

FUNCTIONS = (
    "abs",
    "cardinality",
    "ceil",
    "coalesce",
    "floor",
    "greatest",
    "isnan",
    "least",
    "length",
    "lower",
    "round",
    "size",
    "trim",
    "upper",
)
UNITS = ("day", "days", "hour", "hours", "minute", "minutes", "second", "seconds", "week", "weeks")
LONGEST = 1000
"""Letters of a condition."""
MAX_NESTING = 20
"""Levels of parentheses, signs and negations."""

_TOKEN = re.compile(
    r"(?P<number>[0-9]{1,38}(\.[0-9]{1,38})?)(?![A-Za-z0-9_.])"
    r"|(?P<text>'[^'\\]*')(?!')"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign><=>|<=|>=|<>|!=|==|=|<|>|\+|-|\*|/|%|\(|\)|,|\[|\])"
)
_COMPARED = ("<=>", "<=", ">=", "<>", "!=", "==", "=", "<", ">")


class Token(NamedTuple):
    """A number, text, word or sign of a condition; `low` is how keywords are compared."""

    kind: str
    text: str

    @property
    def low(self) -> str:
        """The word or sign in small letters; empty for any other token."""
        return self.text.lower() if self.kind in ("word", "sign") else ""


def check_condition(text: str, columns: Collection[str]) -> None:
    """See that a text is a condition of this grammar over the columns. Raises ValueError with what is wrong."""
    if len(text) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} letters")
    if not text.isprintable():
        raise ValueError("holds what cannot be printed")
    parser = _Parser(_tokens(text), columns)
    parser.whole()
    if not parser.named:
        raise ValueError("names no column")


def _tokens(text: str) -> list[Token]:
    if "--" in _without_texts(text) or "/*" in _without_texts(text):
        raise ValueError("holds a comment")
    found, at = [], 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"cannot be read at {text[at : at + 20]!a}")
        found.append(Token(str(match.lastgroup), match[0]))
        at = match.end()
    return found


def _without_texts(text: str) -> str:
    return re.sub(r"'[^']*'", "''", text)


class _Parser:
    """Reads tokens by descent. It builds nothing: what it accepts is handed on as it is written."""

    def __init__(self, tokens: list[Token], columns: Collection[str]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0
        self._columns = columns
        self.named = False

    def whole(self) -> None:
        self._either()
        if self._at < len(self._tokens):
            raise ValueError(f"goes on where it should end, at {self._shown()}")

    def _either(self) -> None:
        self._deeper()
        self._both()
        while self._take("or"):
            self._both()
        self._depth -= 1

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise ValueError(f"is nested more than {MAX_NESTING} levels deep")

    def _both(self) -> None:
        self._negated()
        while self._take("and"):
            self._negated()

    def _negated(self) -> None:
        while self._take("not"):
            pass
        self._compared()

    def _compared(self) -> None:
        self._sum()
        while True:
            if self._take(*_COMPARED):
                self._sum()
            elif self._take("is"):
                self._take("not")
                self._need("null", "true", "false")
            elif not self._among():
                return

    def _among(self) -> bool:
        """[not] in (...), [not] between a and b, [not] like 'text'."""
        start = self._at
        self._take("not")
        if self._take("in"):
            self._need("(")
            self._list()
        elif self._take("between"):
            self._sum()
            self._need("and")
            self._sum()
        elif self._take("like"):
            self._need_kind("text")
        else:
            self._at = start
            return False
        return True

    def _list(self) -> None:
        """Values up to the closing parenthesis."""
        self._either()
        while self._take(","):
            self._either()
        self._need(")")

    def _sum(self) -> None:
        self._signed()
        while self._take("+", "-", "*", "/", "%"):
            self._signed()

    def _signed(self) -> None:
        while self._take("-"):
            pass
        self._value()

    def _value(self) -> None:
        token = self._next()
        if token.text == "(":
            self._either()
            self._need(")")
        elif token.kind == "word":
            self._word(token)
        elif token.kind == "sign":
            raise ValueError(f"has {token.text} where a value should stand")

    def _word(self, token: Token) -> None:
        follower = self._tokens[self._at] if self._at < len(self._tokens) else Token("sign", "")
        if follower.text == "(":
            self._call(token)
        elif token.low in ("date", "timestamp") and follower.kind == "text":
            self._at += 1
        elif token.low == "interval" and follower.kind == "number":
            self._at += 1
            self._need(*UNITS)
        elif token.text in self._columns:
            self._column()
        elif token.low not in ("true", "false", "null"):
            raise ValueError(f"names {token.text[:40]}, which is no column")

    def _call(self, token: Token) -> None:
        if token.low not in FUNCTIONS:
            raise ValueError(f"calls {token.text[:40]}, which is none of {', '.join(FUNCTIONS)}")
        self._need("(")
        self._list()

    def _column(self) -> None:
        """A column, or one entry of a list or map."""
        self.named = True
        if self._take("["):
            self._need_kind("text", "number")
            self._need("]")

    def _take(self, *words: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at].low in words:
            self._at += 1
            return True
        return False

    def _need(self, *words: str) -> None:
        if not self._take(*words):
            raise ValueError(f"has {self._shown()} where {' or '.join(words[:3])} should stand")

    def _need_kind(self, *kinds: str) -> None:
        if self._next().kind not in kinds:
            raise ValueError(f"has no {' or '.join(kinds)} where one should stand")

    def _next(self) -> Token:
        if self._at >= len(self._tokens):
            raise ValueError("ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _shown(self) -> str:
        return self._tokens[self._at].text[:40] if self._at < len(self._tokens) else "its end"
