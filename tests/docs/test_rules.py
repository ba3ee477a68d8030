"""docs/rules.md leads from each rule to existing code and tests."""

from __future__ import annotations

import pytest

from tests.docs import rules
from tests.docs.pages import CHECKOUT


def test_the_page_is_as_generated() -> None:
    written = (CHECKOUT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert written == rules.page(), "run: python -m tests.docs.rules"


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.key)
def test_each_rule_has_code_and_a_test(rule: rules.Rule) -> None:
    assert list(rules.code_of(rule)), "nothing in the loop looks at this key"
    assert list(rules.tests_of(rule.key)), "no test names this key"
