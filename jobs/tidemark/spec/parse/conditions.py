"""The grammar of conditions: the part of SQL that a `rows where` expectation may use.

Conditions are passed to Spark as text, so they are checked first. The grammar has columns of the dataset, literals,
comparisons, arithmetic, and, or, not, and a few functions. It has no subqueries, no functions that reach Spark's
runtime, and no comments. docs/spec-language.md is the reference for authors of specs.
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
MAX_LENGTH = 1000
"""The longest condition, in characters."""
MAX_NESTING = 20
"""The most levels of nested parentheses."""

_TOKEN = re.compile(
    r"(?P<number>[0-9]{1,38}(\.[0-9]{1,38})?)(?![A-Za-z0-9_.])"
    r"|(?P<text>'[^'\\]*')(?!')"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign><=>|<=|>=|<>|!=|==|=|<|>|\+|-|\*|/|%|\(|\)|,|\[|\])"
)
_COMPARISONS = ("<=>", "<=", ">=", "<>", "!=", "==", "=", "<", ">")


class Token(NamedTuple):
    """A number, text, word or sign of a condition. Keywords are compared by `low`."""

    kind: str
    text: str

    @property
    def low(self) -> str:
        """The word or sign in lower case; empty for any other token."""
        return self.text.lower() if self.kind in ("word", "sign") else ""


def check_condition(text: str, columns: Collection[str]) -> None:
    """Check that a text is a condition of this grammar over the columns.

    Raises ValueError. Its message is a predicate of the condition, for example "contains a comment".
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"is longer than {MAX_LENGTH} characters")
    if not text.isprintable():
        raise ValueError("contains a character that cannot be printed")
    parser = _Parser(_tokens(text), columns)
    parser.parse()
    if not parser.names_column:
        raise ValueError("names no column")


def columns_of(text: str, columns: Collection[str]) -> tuple[str, ...]:
    """Return the columns that a condition of this grammar names, in their order."""
    words = (token.text for token in _tokens(text) if token.kind == "word")
    return tuple(dict.fromkeys(word for word in words if word in columns))


def _tokens(text: str) -> list[Token]:
    if "--" in _without_texts(text) or "/*" in _without_texts(text):
        raise ValueError("contains a comment")
    found, position = [], 0
    while position < len(text):
        if text[position] == " ":
            position += 1
            continue
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"cannot be read at {text[position : position + 20]!a}")
        found.append(Token(str(match.lastgroup), match[0]))
        position = match.end()
    return found


def _without_texts(text: str) -> str:
    return re.sub(r"'[^']*'", "''", text)


class _Parser:
    """A recursive-descent parser with one method for each rule of the grammar.

    It builds no tree: an accepted condition is passed on as it was written.
    """

    def __init__(self, tokens: list[Token], columns: Collection[str]) -> None:
        self._tokens, self._next, self._depth = tokens, 0, 0
        self._columns = columns
        self.names_column = False

    def parse(self) -> None:
        self._disjunction()
        if self._next < len(self._tokens):
            raise ValueError(f"should end before {self._shown_next()}")

    def _disjunction(self) -> None:
        self._enter_level()
        self._conjunction()
        while self._accept("or"):
            self._conjunction()
        self._depth -= 1

    def _enter_level(self) -> None:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise ValueError(f"is nested more than {MAX_NESTING} levels deep")

    def _conjunction(self) -> None:
        self._negation()
        while self._accept("and"):
            self._negation()

    def _negation(self) -> None:
        while self._accept("not"):
            pass
        self._comparison()

    def _comparison(self) -> None:
        self._arithmetic()
        while True:
            if self._accept(*_COMPARISONS):
                self._arithmetic()
            elif self._accept("is"):
                self._accept("not")
                self._expect("null", "true", "false")
            elif not self._accept_predicate():
                return

    def _accept_predicate(self) -> bool:
        """Accept [not] in (...), [not] between a and b, or [not] like 'text'. Return whether one was there."""
        start = self._next
        self._accept("not")
        if self._accept("in"):
            self._expect("(")
            self._list()
        elif self._accept("between"):
            self._arithmetic()
            self._expect("and")
            self._arithmetic()
        elif self._accept("like"):
            self._expect_kind("text")
        else:
            self._next = start
            return False
        return True

    def _list(self) -> None:
        """Values up to the closing parenthesis."""
        self._disjunction()
        while self._accept(","):
            self._disjunction()
        self._expect(")")

    def _arithmetic(self) -> None:
        self._signed_value()
        while self._accept("+", "-", "*", "/", "%"):
            self._signed_value()

    def _signed_value(self) -> None:
        while self._accept("-"):
            pass
        self._value()

    def _value(self) -> None:
        token = self._take()
        if token.text == "(":
            self._disjunction()
            self._expect(")")
        elif token.kind == "word":
            self._word(token)
        elif token.kind == "sign":
            raise ValueError(f"has {token.text} where a value is expected")

    def _word(self, token: Token) -> None:
        follower = self._tokens[self._next] if self._next < len(self._tokens) else Token("sign", "")
        if follower.text == "(":
            self._call(token)
        elif token.low in ("date", "timestamp") and follower.kind == "text":
            self._next += 1
        elif token.low == "interval" and follower.kind == "number":
            self._next += 1
            self._expect(*UNITS)
        elif token.text in self._columns:
            self._column()
        elif token.low not in ("true", "false", "null"):
            raise ValueError(f"names {token.text[:40]}, which is not a column")

    def _call(self, token: Token) -> None:
        if token.low not in FUNCTIONS:
            raise ValueError(f"calls {token.text[:40]}; the allowed functions are {', '.join(FUNCTIONS)}")
        self._expect("(")
        self._list()

    def _column(self) -> None:
        """A column, or one entry of a list or map."""
        self.names_column = True
        if self._accept("["):
            self._expect_kind("text", "number")
            self._expect("]")

    def _accept(self, *words: str) -> bool:
        """Take the next token if it is one of the words. Return whether it was."""
        if self._next < len(self._tokens) and self._tokens[self._next].low in words:
            self._next += 1
            return True
        return False

    def _expect(self, *words: str) -> None:
        if not self._accept(*words):
            raise ValueError(f"has {self._shown_next()} where {' or '.join(words[:3])} is expected")

    def _expect_kind(self, *kinds: str) -> None:
        if self._take().kind not in kinds:
            raise ValueError(f"lacks a {' or '.join(kinds)} where one is expected")

    def _take(self) -> Token:
        """Take the next token, whatever it is."""
        if self._next >= len(self._tokens):
            raise ValueError("ends too early")
        self._next += 1
        return self._tokens[self._next - 1]

    def _shown_next(self) -> str:
        return self._tokens[self._next].text[:40] if self._next < len(self._tokens) else "its end"
