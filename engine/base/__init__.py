"""What all three packages stand on: errors, sanitizing, paths, knobs. No torch here."""
