"""What is said of a document that does not fit, in English and Korean; its place stands beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocol.registry import Text
from server.coldchain.epcis.vocabulary import Unfit

UNFIT: Final[Mapping[Unfit, Text]] = {
    Unfit.TYPE: Text(
        "This type of document or event is not taken here. Send one of the four types.",
        "받지 않는 문서 또는 이벤트 유형입니다. 네 가지 유형 중 하나로 보내세요.",
    ),
    Unfit.STEP: Text(
        "This business step is not known here for such an event. Correct the step.",
        "이 이벤트에 쓸 수 없는 업무 단계(bizStep)입니다. 단계를 고치세요.",
    ),
    Unfit.DISPOSITION: Text(
        "This disposition is not in the vocabulary. Correct it.",
        "어휘 목록에 없는 상태(disposition)입니다. 고치세요.",
    ),
    Unfit.ID: Text(
        "This identifier names nothing that belongs here. Check it and its check digit.",
        "이 자리에 올 수 없는 식별자입니다. 식별자와 검사 숫자를 확인하세요.",
    ),
    Unfit.MISSING: Text(
        "A field that is needed is missing. Add it.",
        "필요한 항목이 없습니다. 추가하세요.",
    ),
    Unfit.VALUE: Text(
        "A value does not fit its field. Correct it.",
        "항목에 맞지 않는 값입니다. 고치세요.",
    ),
    Unfit.TOO_MANY: Text(
        "The document is too large. Send it in several parts.",
        "문서가 너무 큽니다. 나누어 보내세요.",
    ),
}
