"""The Python kernel of a workspace, and how a Jupyter Server without data gets one started outside itself."""
