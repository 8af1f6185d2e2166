"""The lessons, one file each; see `descend.engine.teaching.lesson` for the form."""
