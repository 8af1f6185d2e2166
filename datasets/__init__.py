"""The data a lesson or a model learns from: embedded, downloadable, generated, and the user's own files."""
