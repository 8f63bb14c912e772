"""Passkeys: sign-in by a phone or computer that holds a key and has checked its person.

The person is found by the passkey, no name is typed. What is checked, by py_webauthn: challenge
(random, one use, five minutes), address of the page, host, signature, that the person was verified,
and that a key which counts its uses counts up. Nothing of the device is kept but its public key.
Spec: W3C Web Authentication, level 2, sections 7.1 and 7.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from server.accounts import deeds, limits
from server.accounts.deeds import Act
from server.accounts.limits import Whence
from server.accounts.models import Passkey, Person
from server.accounts.rules import ALLOWED, Reason, Refused, Try, Verdict, Who
from server.ledger.keys import entropy
from server.ledger.log import writing
from server.messages import outbox

CHALLENGE = 32
MOST = 10
"""Passkeys of one person."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a ceremony takes place: host name and origin of the page."""

    host: str
    origin: str

    @property
    def holds_passkeys(self) -> bool:
        """A browser makes passkeys for names only, not for bare addresses."""
        return not self.host.replace(".", "").isdecimal() and ":" not in self.host


def begin_adding(person: str, name: str, site: Site) -> tuple[bytes, str]:
    """The challenge to keep, and the options for the browser, as JSON."""
    challenge = entropy(CHALLENGE)
    options = generate_registration_options(
        rp_id=site.host,
        rp_name="Jagalchi",
        user_id=person.encode(),
        user_name=name or "Jagalchi",
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=bytes(one.credential))
            for one in Passkey.objects.filter(person=person, site=site.host)
        ],
    )
    return challenge, options_to_json(options)


def add(who: Who, answer: dict[str, Any], challenge: bytes, site: Site, now_ms: int) -> Verdict:
    """Keep a new passkey of one's own; WRONG for an answer that does not verify."""
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return Refused(Reason.WRONG)
    with writing():
        verdict = _may_add(who.id, made.credential_id)
        if verdict is ALLOWED:
            Passkey.objects.create(
                person_id=who.id,
                site=site.host,
                credential=made.credential_id,
                public=made.credential_public_key,
                count=made.sign_count,
                synced=made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
                made_ms=now_ms,
            )
            outbox.send(who.id, "access-changed", {}, now_ms)
        reason = verdict.reason if isinstance(verdict, Refused) else None
        deeds.record(who, Act("accounts", "passkey-added", target=who.id), now_ms, reason)
    return verdict


def remove(who: Who, passkey: int, now_ms: int) -> Verdict:
    """Remove a passkey of one's own."""
    with writing():
        if not Passkey.objects.filter(id=passkey, person=who.id).delete()[0]:
            return Refused(Reason.NOT_FOUND)
        deeds.record(who, Act("accounts", "passkey-removed", target=who.id), now_ms)
    return ALLOWED


def begin_sign_in(site: Site) -> tuple[bytes, str]:
    """The challenge to keep, and the options for the browser, as JSON. Names nobody."""
    challenge = entropy(CHALLENGE)
    options = generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return challenge, options_to_json(options)


def sign_in(
    answer: dict[str, Any], challenge: bytes, site: Site, address: str, now_ms: int
) -> Person | Refused:
    """Whose passkey has answered; WRONG for one that does not verify, TOO_MANY of those."""
    row = _found(answer, site)
    verified = _verified(answer, challenge, site, row) if row else None
    if row is None or verified is None:
        tries = limits.tried(Try.PASSKEY, Whence(address=address), now_ms)
        if isinstance(tries, Refused):
            return tries
        return limits.failed("passkey", row.person_id if row else "", Reason.WRONG, now_ms)
    with writing():
        Passkey.objects.filter(id=row.id).update(count=verified.new_sign_count)
    return row.person


def _found(answer: dict[str, Any], site: Site) -> Passkey | None:
    """The passkey that an answer names, if it also names its person."""
    try:
        credential = base64url_to_bytes(answer["rawId"])
        person = base64url_to_bytes(answer["response"]["userHandle"]).decode()
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
    rows = Passkey.objects.filter(credential=credential, site=site.host, person=person)
    return rows.filter(person__erased_ms=None).select_related("person").first()


def _verified(
    answer: dict[str, Any], challenge: bytes, site: Site, row: Passkey
) -> VerifiedAuthentication | None:
    try:
        return verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=bytes(row.public),
            credential_current_sign_count=row.count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None


def _may_add(person: str, credential: bytes) -> Verdict:
    if Passkey.objects.filter(credential=credential).exists():
        return Refused(Reason.TAKEN)
    full = Passkey.objects.filter(person=person).count() >= MOST
    return Refused(Reason.TOO_MANY) if full else ALLOWED
