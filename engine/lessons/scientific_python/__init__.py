"""SciPy and SymPy."""
