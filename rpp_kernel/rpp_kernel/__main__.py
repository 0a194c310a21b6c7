"""`python -I -m rpp_kernel -f CONNECTION_FILE` runs one kernel."""

from rpp_kernel.kernel import main

if __name__ == "__main__":
    main()
