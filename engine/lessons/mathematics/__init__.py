"""Mathematics and numerics."""
