"""The closed lists of the pilots in English and Korean: states as shape and word, reasons with what
to do. What the pages say besides stands in labels.py.

What is undecided is 미정, never 0 and never blank.
"""

from __future__ import annotations

from collections.abc import Mapping

from protocol.registry import Text
from server.pilots.funnel import Stage
from server.pilots.rules import (
    DUTIES,
    BoardKind,
    ConsentKind,
    Dropped,
    FlipReason,
    IncidentKind,
    Life,
    Mode,
    Part,
    PhaseKind,
    PhaseState,
    ReadinessStep,
    Reason,
    Service,
    Source,
)
from server.web.words import Badge

UNDECIDED = Text("undecided", "미정")
UNANNOUNCED = Text("dates undecided – notice to follow", "기간 미정 – 공고 예정")

REASONS: Mapping[Reason, Text] = {
    Reason.PHASE_CLOSED: Text(
        "This is outside the days of the phase. See the pilot's page for its dates.",
        "실증 기간이 아닙니다. 실증 안내에서 기간을 확인하세요.",
    ),
    Reason.CAP_FULL: Text(
        "All seats are taken. Join the waiting list: a free seat goes to who waited longest.",
        "정원이 찼습니다. 대기 명단에 올리면 자리가 나는 대로 차례로 참여합니다.",
    ),
    Reason.CAP_UNDECIDED: Text(
        "The number of participants is undecided, so nobody is admitted yet. Wait for the notice.",
        "정원이 미정이라 아직 참여할 수 없습니다. 공고를 기다려 주세요.",
    ),
    Reason.CAP_BELOW_TAKEN: Text(
        "More seats are taken than this number. Choose a higher one.",
        "이미 참여 중인 인원보다 적습니다. 더 큰 수를 입력하세요.",
    ),
    Reason.CONSENT_MISSING: Text(
        "A consent that this needs was not given. Give it by your personal link.",
        "필요한 동의가 없습니다. 본인 링크에서 동의하세요.",
    ),
    Reason.CONSENT_OUTDATED: Text(
        "The wording of a consent has changed. Read it again and decide, by your personal link.",
        "동의 내용이 바뀌었습니다. 본인 링크에서 다시 읽고 정하세요.",
    ),
    Reason.NOT_ENROLLED: Text(
        "This is for participants with a seat. Apply by an invitation.",
        "참여가 확정된 분만 할 수 있습니다. 초대 링크로 신청하세요.",
    ),
    Reason.ALREADY_IN: Text("You have a seat already.", "이미 참여 중입니다."),
    Reason.WITHDRAWN: Text(
        "You have withdrawn. Nothing of yours is processed any more.",
        "탈퇴하셨습니다. 더 이상 처리되는 정보가 없습니다.",
    ),
    Reason.REMOVED: Text(
        "The operator ended this participation. Ask them why.",
        "운영사가 참여를 종료했습니다. 운영사에 문의하세요.",
    ),
    Reason.STOPPED_NEW: Text(
        "Nothing new is begun just now; what you have goes on. Try again later.",
        "지금은 새로 시작할 수 없습니다. 쓰던 것은 계속됩니다. 나중에 다시 하세요.",
    ),
    Reason.READ_ONLY: Text(
        "Just now one can only look. Try again later.",
        "지금은 조회만 됩니다. 나중에 다시 하세요.",
    ),
    Reason.HALTED: Text(
        "The pilot has been stopped. Money that is held is still given back.",
        "실증이 중단되었습니다. 보관된 돈은 계속 돌려드립니다.",
    ),
    Reason.EXEMPTION_EXPIRED: Text(
        "The legal exemption is not in force. The operator has to renew it.",
        "규제 특례 기간이 아닙니다. 운영사가 갱신해야 합니다.",
    ),
    Reason.INSURANCE_EXPIRED: Text(
        "The liability insurance is not in force. The operator has to renew it.",
        "책임보험 기간이 아닙니다. 운영사가 갱신해야 합니다.",
    ),
    Reason.NO_NOTICE: Text(
        "No public notice announces this. File one first.",
        "공고가 없습니다. 공고를 먼저 등록하세요.",
    ),
    Reason.DEMO_NOTICE: Text(
        "A demonstration's notice is refused here. File the real one.",
        "데모 공고는 쓸 수 없습니다. 실제 공고를 등록하세요.",
    ),
    Reason.NO_SIGNOFF: Text(
        "A signed page is missing: of this phase to close it, of the internal phase to open.",
        "서명된 확인서가 없습니다. 종료는 그 단계의, 공개 시작은 내부 단계의 서명이 필요합니다.",
    ),
    Reason.UNCHECKED: Text(
        "The check list is not complete. Have every item ticked before signing.",
        "점검표가 끝나지 않았습니다. 모든 항목을 확인한 뒤 서명하세요.",
    ),
    Reason.NOT_READY: Text(
        "A truck or plant is not approved yet. See the readiness board.",
        "승인되지 않은 차량이나 시설이 있습니다. 준비 현황을 확인하세요.",
    ),
    Reason.NO_DEPUTY: Text(
        "A duty has no holder and deputy. Set it on your organisation's page.",
        "담당자와 대리인이 없는 업무가 있습니다. 기관 화면에서 지정하세요.",
    ),
    Reason.OUT_OF_ZONE: Text(
        "This lies outside the zone of the phase.", "실증 구역 밖입니다. 구역을 확인하세요."
    ),
    Reason.UNREACHABLE: Text(
        "It cannot be checked just now whether this is allowed. Try again in a minute.",
        "지금은 허용 여부를 확인할 수 없습니다. 잠시 뒤 다시 하세요.",
    ),
    Reason.OVERLAP: Text(
        "These days overlap another phase of this pilot. Choose others.",
        "같은 실증의 다른 단계와 기간이 겹칩니다. 다른 날짜를 고르세요.",
    ),
    Reason.WRONG_STEP: Text(
        "This is not the step that is due. Load the page again and see what is.",
        "지금 할 순서가 아닙니다. 새로고침해 다음 순서를 확인하세요.",
    ),
    Reason.NUMBERS_IN_INTERNAL: Text(
        "An internal phase has no numbers of participants. Leave them empty.",
        "내부 실증에는 인원을 정하지 않습니다. 비워 두세요.",
    ),
    Reason.INVITATION_UNKNOWN: Text(
        "This invitation is not known here. Check the address.",
        "알 수 없는 초대입니다. 주소를 확인하세요.",
    ),
    Reason.INVITATION_EXPIRED: Text(
        "This invitation has expired. Ask for a new one.",
        "만료된 초대입니다. 새로 요청하세요.",
    ),
    Reason.INVITATION_USED: Text(
        "This invitation was used already. Ask for one of your own.",
        "이미 사용된 초대입니다. 새로 요청하세요.",
    ),
    Reason.TWO_PEOPLE: Text(
        "This needs a second person: somebody else has to do it.",
        "다른 사람이 해야 합니다. 두 사람의 확인이 필요합니다.",
    ),
    Reason.TAKEN: Text("This is there already.", "이미 있습니다."),
    Reason.NOT_FOUND: Text("There is no such page.", "없는 페이지입니다."),
    Reason.ROLE: Text(
        "Your role does not include this. Ask an administrator of your organisation.",
        "현재 역할로는 할 수 없습니다. 소속 기관의 관리자에게 문의하세요.",
    ),
    Reason.BAD_INPUT: Text(
        "Something is missing or misspelt. Go back, correct it, and send it again.",
        "빠졌거나 잘못된 값이 있습니다. 돌아가 고친 뒤 다시 보내세요.",
    ),
}

SERVICES: Mapping[Service, Text] = {
    Service.TOURS: Text("tours", "관광"),
    Service.REPORTS: Text("video reports", "영상 제보"),
    Service.VOUCHERS: Text("vouchers", "바우처"),
    Service.COLDCHAIN: Text("cold chain", "콜드체인"),
}

KINDS: Mapping[PhaseKind, Text] = {
    PhaseKind.INTERNAL: Text("internal", "내부 실증"),
    PhaseKind.OPEN: Text("open to the public", "공개 실증"),
}

STATES: Mapping[PhaseState, Badge] = {
    PhaseState.UNANNOUNCED: Badge(
        "○",
        "calm",
        Text("not announced", "공고 전"),
        Text("no notice has been filed", "등록된 공고가 없습니다"),
    ),
    PhaseState.ANNOUNCED: Badge(
        "◇", "wait", Text("announced", "공고됨"), Text("begins as announced", "공고대로 시작합니다")
    ),
    PhaseState.RUNNING: Badge(
        "●", "good", Text("running", "진행 중"), Text("open on its days", "기간 안에서 진행합니다")
    ),
    PhaseState.RESCHEDULED: Badge(
        "△",
        "warn",
        Text("rescheduled", "일정 변경"),
        Text("the old dates do not hold; a new notice follows", "이전 기간은 무효, 새 공고 예정"),
    ),
    PhaseState.CLOSED: Badge(
        "■", "off", Text("closed", "종료"), Text("signed and closed", "확인 서명 후 종료했습니다")
    ),
}

MODES: Mapping[Mode, Badge] = {
    Mode.NORMAL: Badge(
        "●", "good", Text("normal", "정상"), Text("everything goes on", "모두 진행합니다")
    ),
    Mode.STOP_NEW: Badge(
        "◐",
        "wait",
        Text("nothing new", "신규 중지"),
        Text("nothing new is begun, what there is goes on", "새로 시작은 안 되고 쓰던 것은 계속"),
    ),
    Mode.READ_ONLY: Badge(
        "▽", "warn", Text("read only", "조회만"), Text("one can only look", "조회만 됩니다")
    ),
    Mode.HALT: Badge(
        "◆",
        "bad",
        Text("halted", "중단"),
        Text("stopped; money that is held is given back", "중단, 보관된 돈은 계속 돌려드립니다"),
    ),
}

LIVES: Mapping[Life, Badge] = {
    Life.INVITED: Badge(
        "○", "calm", Text("invited", "초대됨"), Text("apply by the link", "링크로 신청하세요")
    ),
    Life.APPLIED: Badge(
        "◇",
        "wait",
        Text("applied", "신청함"),
        Text("read the consents and decide, one by one", "동의서를 읽고 하나씩 정하세요"),
    ),
    Life.WAITLISTED: Badge(
        "◐",
        "wait",
        Text("waiting", "대기 중"),
        Text(
            "a free seat is given in order, to who has given the required consents",
            "필수 동의를 한 분께 자리가 나는 순서대로 드립니다",
        ),
    ),
    Life.CONSENTED: Badge(
        "◇", "wait", Text("consented", "동의함"), Text("take your seat", "참여를 확정하세요")
    ),
    Life.ENROLLED: Badge(
        "●",
        "good",
        Text("has a seat", "참여 확정"),
        Text("use it on the days of the phase", "실증 기간에 이용하세요"),
    ),
    Life.ACTIVE: Badge(
        "●", "good", Text("taking part", "참여 중"), Text("in use", "이용하고 있습니다")
    ),
    Life.WITHDRAWN: Badge(
        "■",
        "off",
        Text("withdrawn", "탈퇴"),
        Text("nothing is processed any more", "더 이상 처리하지 않습니다"),
    ),
    Life.REMOVED: Badge(
        "■", "off", Text("removed", "참여 종료됨"), Text("ask the operator", "운영사에 문의하세요")
    ),
    Life.ENDED: Badge(
        "■", "off", Text("ended", "종료"), Text("the phase is over", "실증 단계가 끝났습니다")
    ),
}

DROPPED: Mapping[Dropped, Text] = {
    Dropped.AMENDED: Text("numbers amended", "인원 변경"),
    Dropped.EPIDEMIC: Text("epidemic", "감염병 확산"),
    Dropped.WEATHER: Text("weather", "기상"),
    Dropped.NOT_READY: Text("not ready", "준비 미흡"),
    Dropped.LAW: Text("law or exemption", "법령·특례 사정"),
    Dropped.CITY: Text("decision of the city", "시의 결정"),
    Dropped.INCIDENT: Text("incident", "사고"),
}

FLIP_REASONS: Mapping[FlipReason, Text] = {
    FlipReason.INCIDENT: Text("incident", "사고"),
    FlipReason.CITY: Text("order of the city", "시의 요청"),
    FlipReason.LAW: Text("law or exemption", "법령·특례"),
    FlipReason.INSURANCE: Text("insurance", "보험"),
    FlipReason.LOAD: Text("overload", "과부하"),
    FlipReason.MAINTENANCE: Text("maintenance", "점검"),
    FlipReason.DRILL: Text("drill", "훈련"),
    FlipReason.RESOLVED: Text("resolved", "해결됨"),
}

STEPS: Mapping[ReadinessStep, Text] = {
    ReadinessStep.FITTED: Text("fitted", "장착"),
    ReadinessStep.INSPECTED: Text("inspected", "점검"),
    ReadinessStep.CALIBRATED: Text("calibrated", "교정"),
    ReadinessStep.TRIED: Text("trial run", "시운전"),
    ReadinessStep.APPROVED: Text("approved", "승인"),
}

BOARD_KINDS: Mapping[BoardKind, Text] = {
    BoardKind.TRUCK: Text("truck", "차량"),
    BoardKind.PLANT: Text("plant", "시설"),
}

SOURCES: Mapping[Source, Text] = {
    Source.POSTER: Text("poster", "포스터"),
    Source.SHOP: Text("shop", "상점"),
    Source.OFFICER: Text("officer", "담당자"),
    Source.LINK: Text("link", "링크"),
}

CONSENT_KINDS: Mapping[ConsentKind, Text] = {
    ConsentKind.REQUIRED: Text("required", "필수"),
    ConsentKind.OPTIONAL: Text("optional", "선택"),
    ConsentKind.LOCATION: Text("location, optional", "위치정보(선택)"),
    ConsentKind.THIRD_PARTY: Text("given to others, optional", "제3자 제공(선택)"),
}

INCIDENTS: Mapping[IncidentKind, Text] = {
    IncidentKind.INJURY: Text("injury", "인명 사고"),
    IncidentKind.PRIVACY: Text("personal data", "개인정보"),
    IncidentKind.MONEY: Text("money", "금전"),
    IncidentKind.OUTAGE: Text("outage", "장애"),
    IncidentKind.DATA: Text("wrong data", "데이터 오류"),
    IncidentKind.OTHER: Text("other", "기타"),
}

PARTS: Mapping[Part, Text] = {
    Part.OPERATOR: Text("operator", "운영사"),
    Part.PARTNER: Text("partner", "참여사"),
    Part.CITY: Text("city", "시"),
    Part.OFFICE: Text("special-zone office", "특구 추진단"),
}

CHECKS: Mapping[str, Text] = {
    "consents": Text("consents are current", "동의서 최신본 확인"),
    "insurance": Text("insurance is in force", "보험 유효 확인"),
    "incidents": Text("incidents are closed or listed", "사고 처리 확인"),
    "training": Text("people are trained", "담당자 교육 완료"),
    "refunds": Text("refunds were tried", "환불 시험 완료"),
    "handover": Text("hand-over notes are written", "인수인계서 작성"),
}

DUTY_NAMES: Mapping[str, Text] = {
    name: Text(english, name)
    for name, english in zip(
        DUTIES, ("pilot operation", "incident response", "protection of personal data"), strict=True
    )
}

STAGES: Mapping[Stage, Text] = {
    Stage.INVITED: Text("invited", "초대"),
    Stage.INSTALLED: Text("applied", "신청"),
    Stage.VERIFIED: Text("opened their link", "본인 링크 확인"),
    Stage.CONSENTED: Text("consented", "동의"),
    Stage.ENROLLED: Text("took a seat", "참여 확정"),
    Stage.FIRST_USE: Text("first use", "첫 이용"),
    Stage.D7: Text("used after 7 days", "7일 뒤 이용"),
    Stage.D28: Text("used after 28 days", "28일 뒤 이용"),
}
