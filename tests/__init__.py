"""Tests: what is promised, said in sentences."""
