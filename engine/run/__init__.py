"""The run folder, read and written: records, runs, their history and results. No torch here."""
