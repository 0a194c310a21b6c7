"""What a researcher asks in a notebook: which tables are there, what do their columns mean, give me these.

import rpp
rpp.tables()                                              # the tables of this project's cut
rpp.codebook("enrollment")                                # what its columns mean
rpp.load("enrollment", columns=["grade"], years=[2018])   # a pandas frame of just these
"""

from rpp.folder import CutError, tables
from rpp.loading import columns, load
from rpp.meanings import codebook

__all__ = ["CutError", "codebook", "columns", "load", "tables"]
