"""The rules of the environment: pure values and functions that import nothing else of ours."""
