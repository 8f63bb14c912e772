"""What messages say, in Korean and English: one table, with named places to fill in.

`given` are filled by whoever sends: ids, numbers, words of closed lists, names of organisations;
never what is personal. `{link}` is given as a link's id and becomes an address when it is sent;
`{name}` comes from the vault, then. A message says who writes, what happened and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter

from protocol.registry import Text

RESOLVED = frozenset({"name"})
"""Places that are filled at the time of sending, from the vault."""


@dataclass(frozen=True, slots=True)
class Template:
    """A subject (of an e-mail; other ways leave it out) and a body."""

    subject: Text
    body: Text
    given: frozenset[str] = field(default=frozenset())


def places(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


TEMPLATES: Mapping[str, Template] = {
    "invitation": Template(
        Text("Jagalchi: {organisation} invites you", "자갈치: {organisation} 초대"),
        Text(
            "{organisation} invites you to Jagalchi. Open this link within 7 days: {link}",
            "{organisation}에서 자갈치에 초대했습니다. 7일 안에 여세요: {link}",
        ),
        frozenset({"organisation", "link"}),
    ),
    "sign-in": Template(
        Text("Jagalchi: your sign-in link", "자갈치: 로그인 링크"),
        Text(
            "Sign in to Jagalchi with this link, once, within 15 minutes: {link}"
            " If you did not ask for it, do nothing.",
            "자갈치 로그인 링크입니다. 15분 안에 한 번만 쓸 수 있습니다: {link}"
            " 요청하지 않으셨다면 그냥 두세요.",
        ),
        frozenset({"link"}),
    ),
}
