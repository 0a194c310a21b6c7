"""Cuts: from masters and a project's agreement to a scrambled, scanned and sealed extract."""
