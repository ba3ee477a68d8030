"""The feeds of the accounts domain, by name."""

from __future__ import annotations

SIGNUPS, PLANS, CANCELS = "accounts.signups_feed", "accounts.plans_feed", "accounts.cancels_feed"
