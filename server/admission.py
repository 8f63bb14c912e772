"""The operator's commands for people: organisation, person.

The first administrator of an organisation is made here: `person add` prints a one-time link, whose
holder chooses how to sign in. No name and no address is ever typed into a shell.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import AbstractContextManager

KINDS = (
    "operator",
    "cooperative",
    "plant",
    "carrier",
    "wholesaler",
    "shop",
    "bank",
    "city",
    "agency",
    "merchant",
)
ROLES = ("viewer", "operator", "auditor", "administrator")

Add = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]
Acting = Callable[[], AbstractContextManager[int]]


class AdmissionRefused(Exception):
    """Nothing was done; the text tells the operator why."""


def add_commands(add: Add, acting: Acting) -> None:
    """Put the commands on the program's command line; `acting` sets up, and gives the time."""

    def organisation_(chosen: argparse.Namespace) -> int:
        with acting() as now_ms:
            return _organisation(chosen, now_ms)

    def person_(chosen: argparse.Namespace) -> int:
        with acting() as now_ms:
            return _person(chosen, now_ms)

    sub = add("organisation", organisation_, "Add an organisation, or list those there are.")
    sub.add_argument("verb", choices=("add", "list"))
    sub.add_argument("name", metavar="NAME", nargs="?", default="", help="as people say it")
    sub.add_argument("--kind", choices=KINDS, help="what sort of organisation")
    sub.add_argument("--english", metavar="NAME", default="", help="its English name")
    text = "of one that a restore knows by its id only, as verify notes it"
    sub.add_argument("--id", metavar="ID", default="", help=text)
    sub = add("person", person_, "Invite somebody: prints a one-time link, good for 7 days.")
    sub.add_argument("verb", choices=("add",))
    sub.add_argument("--organisation", metavar="ID", required=True, help="as `list` shows it")
    sub.add_argument("--role", choices=ROLES, required=True, help="what they will be there")


def _organisation(chosen: argparse.Namespace, now_ms: int) -> int:
    from server.accounts import organisations
    from server.accounts.models import Organisation
    from server.accounts.rules import CLOCKWORK, Reason, Refused

    if chosen.verb == "list":
        for row in Organisation.objects.order_by("made_ms"):
            print(f"{row.id}  {row.kind:<12} {row.name}")
        return 0
    names = (chosen.name, chosen.english)
    made = organisations.add(CLOCKWORK, chosen.kind or "", names, now_ms, chosen.id)
    if isinstance(made, Refused):
        text = {
            Reason.TAKEN: "There is an operator already.",
            Reason.NOT_FOUND: f"No organisation is known as {chosen.id} and by nothing else.",
        }.get(Reason(made.reason), "Give a NAME and a --kind.")
        raise AdmissionRefused(f"{text} Nothing was made.")
    print(f"{made.id}  {made.kind}  {made.name}")
    print(
        "its first administrator: jagalchi-server person add"
        f" --organisation {made.id} --role administrator"
    )
    return 0


def _person(chosen: argparse.Namespace, now_ms: int) -> int:
    from server.accounts import invitations, links
    from server.accounts.models import Link
    from server.accounts.rules import CLOCKWORK, Role

    known(chosen.organisation)
    offer = invitations.Offer(Role(chosen.role))
    made = invitations.invite(CLOCKWORK, chosen.organisation, offer, now_ms)
    assert isinstance(made, Link)
    print(links.address(made.id))
    return 0


def known(organisation: str) -> None:
    """Refuse an organisation that does not exist. Raises AdmissionRefused."""
    from server.accounts.models import Organisation

    if not Organisation.objects.filter(id=organisation, ended_ms=None).exists():
        raise AdmissionRefused(
            f"There is no organisation {organisation}: see jagalchi-server organisation list."
        )
