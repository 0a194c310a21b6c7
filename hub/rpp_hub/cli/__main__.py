"""`python -m rpp_hub.cli` is `rpp`."""

from rpp_hub.cli import main

main()
