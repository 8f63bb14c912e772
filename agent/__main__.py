"""`python -m agent` is `jagalchi-agent`."""

import sys

from agent.cli import main

sys.exit(main())
