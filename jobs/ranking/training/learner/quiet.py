"""What LightGBM prints goes to the debug log: it prints some lines whatever its parameter `verbosity` says."""

import logging

import lightgbm as lgb


def quieten() -> None:
    """Send LightGBM's lines to the debug log of this process. Errors are raised all the same."""
    lgb.register_logger(logging.getLogger(__name__), info_method_name="debug", warning_method_name="debug")
