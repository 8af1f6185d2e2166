"""The engine: records, runs and supervision (no torch here), and the worker that trains with torch."""
