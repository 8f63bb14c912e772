"""Addresses of this room's pages."""

from django.urls import path, re_path

from server.accounts.views import link, mine, organisation, sign_in

ID = "[a-z2-7]{16}"
ORG = f"organisations/(?P<organisation>{ID})"

urlpatterns = [
    path("sign-in", sign_in.sign_in, name="sign-in"),
    path("sign-in/link", sign_in.ask_for_link, name="ask-for-link"),
    path("sign-in/recovery", sign_in.by_recovery_code, name="by-recovery-code"),
    path("sign-in/passkey/options", sign_in.passkey_options, name="sign-in-options"),
    path("sign-in/passkey", sign_in.by_passkey, name="by-passkey"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("badge", sign_in.badge, name="badge"),
    path("guest", sign_in.guest, name="guest"),
    re_path("^guest/(?P<code>[a-z2-7]{26})$", sign_in.guest, name="guest-by-code"),
    path("accounts.js", sign_in.script, name="accounts-script"),
    re_path(
        "^link/(?P<purpose>join|sign-in|address)/(?P<token>[a-z2-7]{26})$", link.link, name="link"
    ),
    path("me", mine.mine, name="me"),
    path("me/name", mine.name, name="my-name"),
    path("me/address", mine.address, name="my-address"),
    path("me/password", mine.password, name="my-password"),
    path("me/passkeys/options", mine.passkey_options, name="passkey-options"),
    path("me/passkeys", mine.passkey_add, name="passkey-add"),
    path("me/passkeys/<int:passkey>/remove", mine.passkey_remove, name="passkey-remove"),
    path("me/recovery-codes", mine.recovery_codes, name="recovery-codes"),
    path("me/sessions/end", mine.sessions_end, name="sessions-end"),
    path("me/export", mine.export, name="my-export"),
    path("me/erase", mine.erase, name="erase"),
    re_path("^certificates/(?P<name>[a-z2-7]{26})$", mine.certificate, name="certificate"),
    re_path(
        r"^certificates/(?P<name>[a-z2-7]{26})\.json$",
        mine.certificate_file,
        name="certificate-file",
    ),
    path("organisations", organisation.organisations, name="organisations"),
    re_path(f"^{ORG}$", organisation.organisation, name="organisation"),
    re_path(f"^{ORG}/members/(?P<person>{ID})/role$", organisation.role, name="member-role"),
    re_path(f"^{ORG}/members/(?P<person>{ID})/badge$", organisation.badge, name="badge-make"),
    re_path(
        f"^{ORG}/members/(?P<person>{ID})/badge/end$", organisation.badge_end, name="badge-end"
    ),
    re_path(f"^{ORG}/invitations$", organisation.invite, name="invite"),
    re_path(
        f"^{ORG}/invitations/(?P<link>{ID})/end$",
        organisation.invitation_end,
        name="invitation-end",
    ),
    re_path(f"^{ORG}/duties$", organisation.duty, name="duty-set"),
    re_path(f"^{ORG}/duties/(?P<duty>[0-9]{{1,9}})/end$", organisation.duty_end, name="duty-end"),
    re_path(f"^{ORG}/access$", organisation.access, name="access"),
    re_path(f"^{ORG}/keys$", organisation.key, name="key-make"),
    re_path(f"^{ORG}/keys/(?P<key>{ID})/end$", organisation.key_end, name="key-end"),
    re_path(f"^{ORG}/guests$", organisation.guest, name="guest-make"),
    re_path(f"^{ORG}/guests/(?P<guest>{ID})/end$", organisation.guest_end, name="guest-end"),
    re_path(f"^{ORG}/webhook$", organisation.webhook, name="webhook"),
    re_path(f"^{ORG}/acts$", organisation.acts, name="acts"),
    re_path(f"^{ORG}/messages$", organisation.messages, name="messages"),
]
