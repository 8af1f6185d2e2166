"""The data a lesson or a model learns from: embedded, downloadable, generated, and the user's own files.

One file per family. A family's file names what it offers in ``DATASETS``, a tuple of `spec.Spec`, and dropping the
file in adds those everywhere; it must import in milliseconds, so numpy and heavier are imported inside functions.
"""
