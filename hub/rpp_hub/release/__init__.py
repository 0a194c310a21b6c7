"""What leaves: signed bundles of approved outputs, and how anybody verifies one."""
