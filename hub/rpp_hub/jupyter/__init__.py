"""What JupyterHub loads: the spawner, the authenticators and the proxy."""
