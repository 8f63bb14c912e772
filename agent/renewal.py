"""What ends an epoch before the agent stops: a log that follows the one we believe, or a new key.

Asked once per sampling beat and never at another time: both make the device sign, and nothing that
comes over the network may decide when. Each step is durable by itself, and a crash between two of
them leaves a state that the next beat knows how to go on from.
Spec: docs/protocol.md, "Epochs" and "Enrolment, rotation, revocation".
"""

from __future__ import annotations

from agent.edge import Edge
from agent.edges.clock import Instant
from agent.edges.outbox import StorageTrouble
from agent.edges.signer import KeyFileError, Signer


def begin(edge: Edge) -> None:
    """Before the first epoch: a key that the log knows already is the one to open it with."""
    heir = _heir(edge)
    try:
        if heir is not None and edge.sealer.introduced(heir) and _promoted(edge):
            edge.sealer.adopt(heir)
    except StorageTrouble:
        return  # the card is read later; until then the key in use signs


def renew(edge: Edge, now: Instant) -> None:
    """Take the next step that is possible now, if any."""
    edge.sealer.succeed(now)
    heir = _heir(edge)
    edge.sealer.awaited = heir.kid if heir else None
    if heir is not None and edge.sealer.writes:
        _rotate(edge, heir, now)


def _heir(edge: Edge) -> Signer | None:
    """A next key that cannot be read is looked at again; the one in use signs on."""
    try:
        return edge.keys.heir() if edge.keys else None
    except KeyFileError:
        return None


def _rotate(edge: Edge, heir: Signer, now: Instant) -> None:
    """Introduce the key; once the log has proved that it was, take it into use."""
    sealer = edge.sealer
    try:
        introduced = sealer.introduced(heir)
    except StorageTrouble:
        return
    if introduced is None:
        sealer.introduce(heir, now)
    elif introduced and _promoted(edge):
        sealer.take_over(heir, now)
        sealer.awaited = None


def _promoted(edge: Edge) -> bool:
    """The file first: a crash behind it starts under the new key, which the log knows already.

    A rename that looked failed may have been done: what lies there decides.
    """
    try:
        if edge.keys is not None:
            edge.keys.promote()
    except OSError:
        return _heir(edge) is None
    return True
