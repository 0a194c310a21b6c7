"""Where a researcher works: two kinds of sandbox, and the supervisor between them and everything else."""
