"""`python -m core.readme`: write the tables; with --check, only say which texts are out of date."""

import sys

from core.readme import main

sys.exit(main(sys.argv[1:]))
