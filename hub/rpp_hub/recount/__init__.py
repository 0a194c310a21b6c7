"""Is what the re-run's kernel says behind an output true? Counted again from the cut, where no notebook's code runs.

The kernel says of which records a value is made (`witness`). Here those records are taken from the cut (`cut_tables`), people
are counted and values computed anew (`figures`), and both are compared with what was said and what the item shows (`shown`);
then it is asked whether the records follow a rule that can be read (`rules`). A forged witness gains nothing: a number that is
shown must come out of the records that stand behind it.
"""
