"""The file that a Space runs; the page itself is served by `playground.server`."""

import sys

from playground.server import main

if __name__ == "__main__":
    sys.exit(main())
