"""`python -m server` is `jagalchi-server`."""

from server.cli import main

raise SystemExit(main())
