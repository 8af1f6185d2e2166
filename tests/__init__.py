"""The tests of descend."""
