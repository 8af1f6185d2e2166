"""Lessons as teaching: their form, their catalogue, the curriculum, exercises, progress, and proving claims."""
