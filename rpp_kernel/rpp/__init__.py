"""What a researcher asks in a notebook. Try `rpp.` and the Tab key, or `rpp.load?`.

import rpp
rpp.tables()                                              # the tables of this project's cut
rpp.codebook("enrollment")                                # what its columns mean
rpp.load("enrollment", columns=["grade"], years=[2018])   # a pandas frame of just these
rpp.show(frame, rows=10)                                  # some records; a frame alone is shown as a summary
rpp.note("enrollment.grade", "Is 0 kindergarten?")        # a question for the data manager
rpp.packages()                                            # what is installed; another one is asked for in the portal
rpp.check()                                               # what a reviewer would find in this notebook now
"""

from rpp.asking import note
from rpp.checking import check
from rpp.environment import environment, packages
from rpp.folder import CutError, tables
from rpp.loading import columns, load
from rpp.meanings import codebook
from rpp.showing import Records, show

__all__ = [
    "CutError",
    "Records",
    "check",
    "codebook",
    "columns",
    "environment",
    "load",
    "note",
    "packages",
    "show",
    "tables",
]
