"""The names of the feeds of the accounts domain."""

from __future__ import annotations

SIGNUPS, PLANS, CANCELS = "accounts.signups_feed", "accounts.plans_feed", "accounts.cancels_feed"
