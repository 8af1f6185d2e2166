"""Boxes that ask something about a panel or about all of them."""
