"""Linking survey files to a project's codes, and returning results by code to the district."""
