"""What is behind an output? Frames remember which rows of the cut they come from; a display says how many people that is.

`origin` says where rows come from, `cells` what stands behind a cell, `counting` counts, `units` knows the people, the
`watch_*` modules see to it that pandas passes origins on, `describe` writes down what was found when something is shown.
Nothing here is a control: the hub's own re-run counts again.
"""
