"""The cold chain for programs: JSON under /api/coldchain, with a session or an API key.

Every action is one address, `POST /{organisation}/...`, with an Idempotency-Key: the same request
sent again is answered with the same event, done once. A body with a field too many is refused
whole. Refusals are problem documents with the reasons of docs/coldchain.md, in two languages.
"""

from ninja import Router

from server.coldchain.api import doing, exchange, files, judged, reading

router = Router(tags=["coldchain"])
doing.register(router)
reading.register(router)
exchange.register(router)
files.register(router)
judged.register(router)
