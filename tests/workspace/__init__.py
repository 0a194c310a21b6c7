"""Tests that run in the workspace's environment, with its pandas: see tests/unit/kernel/test_evidence.py."""
