"""Pictures of the shell for the README; ``python -m tests.pictures`` takes them again."""

import os

os.environ["TEXTUAL_COLOR_SYSTEM"] = "truecolor"  # read once, when textual is first imported
os.environ.pop("NO_COLOR", None)
