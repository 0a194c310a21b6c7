"""Figures: each measured beside what it is compared with, pairs interleaved, medians of several runs."""
