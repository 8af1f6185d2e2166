"""The lessons, one file each; see `descend.engine.lesson` for the form."""
