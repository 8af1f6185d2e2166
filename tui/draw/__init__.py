"""Pure drawing: NumPy arrays in, rows of cells out. No widgets here."""
