"""``python -m descend.engine.cli``."""

import sys

from descend.engine.cli import main

sys.exit(main())
