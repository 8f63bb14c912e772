"""Every word of this room's pages, in English and Korean."""

from __future__ import annotations

from collections.abc import Mapping

from protocol.registry import Text
from server.accounts.rules import Reason

REASONS: Mapping[Reason, Text] = {
    Reason.SIGNED_OUT: Text("Sign in first.", "먼저 로그인하세요."),
    Reason.NOT_FOUND: Text("There is no such page.", "없는 페이지입니다."),
    Reason.ROLE: Text(
        "Your role does not include this. Ask an administrator of your organisation.",
        "현재 역할로는 할 수 없습니다. 소속 기관의 관리자에게 문의하세요.",
    ),
    Reason.WAY_IN: Text(
        "This needs a passkey or password: sign in on your own device.",
        "패스키 또는 비밀번호가 필요합니다. 본인 기기에서 로그인하세요.",
    ),
    Reason.SCOPE: Text("This key is not made for that.", "이 키의 사용 범위가 아닙니다."),
    Reason.WRONG: Text("That is not right. Try again.", "맞지 않습니다. 다시 시도하세요."),
    Reason.EXPIRED: Text(
        "This has expired. Ask for a new one.", "만료되었습니다. 새로 요청하세요."
    ),
    Reason.USED: Text(
        "This was used already. Ask for a new one.", "이미 사용되었습니다. 새로 요청하세요."
    ),
    Reason.REVOKED: Text("This was withdrawn.", "취소되었습니다."),
    Reason.TOO_MANY: Text(
        "Too many tries. Wait ten minutes.", "시도가 너무 많습니다. 10분 뒤에 다시 하세요."
    ),
    Reason.OWN_ROLE: Text(
        "Nobody changes their own role. Ask another administrator.",
        "자신의 역할은 바꿀 수 없습니다. 다른 관리자에게 요청하세요.",
    ),
    Reason.LAST_ADMINISTRATOR: Text(
        "An organisation keeps an administrator. Name another one first.",
        "관리자가 한 명은 있어야 합니다. 다른 관리자를 먼저 정하세요.",
    ),
    Reason.SAME_PERSON: Text("This needs a second person.", "다른 사람의 확인이 필요합니다."),
    Reason.TAKEN: Text("This is taken already.", "이미 사용 중입니다."),
    Reason.BAD_INPUT: Text("Something is missing or misspelt.", "빠졌거나 잘못된 값이 있습니다."),
    Reason.INTERNAL_ADDRESS: Text(
        "This address lies inside a private network and is not called.",
        "내부망 주소는 사용할 수 없습니다.",
    ),
}

WORDS: Mapping[str, Text] = {
    "refused": Text("Not possible", "할 수 없습니다"),
}
