"""Output review: what a notebook is reduced to, what the checks say about it, and how it is shown.

Everything here but `server` is pure and imports no Jupyter; this file imports nothing at all, since JupyterLab,
the hub and the worker each load only the part they need.
"""
