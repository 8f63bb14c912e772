"""Every word of this room's pages, in English and Korean."""

from __future__ import annotations

from collections.abc import Mapping

from protocol.registry import Text
from server.accounts.rules import Reason, Role

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
    Reason.REVOKED: Text(
        "This was withdrawn. Ask an administrator of your organisation.",
        "취소되었습니다. 소속 기관의 관리자에게 문의하세요.",
    ),
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
    Reason.FORGED: Text(
        "This page was open for too long, or is not ours. Go back, load it again, and repeat.",
        "페이지를 연 지 오래되었거나 잘못된 요청입니다. 새로고침한 뒤 다시 하세요.",
    ),
}

ROLES: Mapping[Role, Text] = {
    Role.VIEWER: Text("viewer", "열람"),
    Role.OPERATOR: Text("operator", "업무 담당"),
    Role.AUDITOR: Text("auditor", "감사"),
    Role.ADMINISTRATOR: Text("administrator", "관리자"),
}

KINDS: Mapping[str, Text] = {
    "cooperative": Text("fisheries cooperative", "수협"),
    "plant": Text("processing plant", "가공장"),
    "carrier": Text("carrier", "운송사"),
    "wholesaler": Text("licensed market wholesaler", "중도매인"),
    "shop": Text("shop", "소매점"),
    "bank": Text("bank", "은행"),
    "city": Text("city", "시"),
    "agency": Text("agency", "기관"),
    "merchant": Text("merchant", "가맹점"),
    "operator": Text("operator of this server", "운영사"),
}

SERVICES: Mapping[str, Text] = {
    "accounts": Text("members", "구성원"),
    "devices": Text("devices", "기기"),
    "pilots": Text("pilots", "실증"),
    "coldchain": Text("cold chain", "콜드체인"),
    "vouchers": Text("vouchers", "바우처"),
    "tours": Text("tours", "관광"),
    "reports": Text("video reports", "영상 제보"),
    "console": Text("console", "관제"),
}

WAYS: Mapping[str, Text] = {
    "nobody": Text("not signed in", "로그인 안 함"),
    "person": Text("signed in", "로그인"),
    "badge": Text("badge", "사원증"),
    "link": Text("link", "링크"),
    "guest": Text("guest", "방문자"),
    "key": Text("program", "프로그램"),
    "system": Text("server", "서버"),
}

ACTS: Mapping[str, Text] = {
    "organisation-made": Text("organisation made", "기관 등록"),
    "invited": Text("invited", "초대"),
    "invitation-ended": Text("invitation withdrawn", "초대 취소"),
    "joined": Text("joined", "참여"),
    "role-changed": Text("role changed", "역할 변경"),
    "duty-given": Text("duty given", "담당 지정"),
    "duty-ended": Text("duty ended", "담당 종료"),
    "badge-made": Text("badge made", "사원증 발급"),
    "badge-ended": Text("badge ended", "사원증 종료"),
    "guest-invited": Text("guest code made", "방문 코드 발급"),
    "guest-entered": Text("guest came in", "방문자 입장"),
    "guest-saw": Text("guest looked at", "방문자 열람"),
    "guest-ended": Text("guest access ended", "방문 종료"),
    "key-made": Text("key made", "키 발급"),
    "key-ended": Text("key revoked", "키 취소"),
    "webhook-set": Text("webhook set", "웹훅 설정"),
    "webhook-ended": Text("webhook ended", "웹훅 해제"),
    "turned-away": Text("turned away", "접근 거절"),
    "sign-in": Text("sign-in failed", "로그인 실패"),
    "limit-reached": Text("too many tries", "시도 제한"),
    "link-used": Text("link used", "링크 사용"),
    "link-refused": Text("link refused", "링크 거절"),
    "recovery-code-used": Text("recovery code used", "복구 코드 사용"),
    "recovery-codes-made": Text("recovery codes made", "복구 코드 발급"),
    "passkey-added": Text("passkey added", "패스키 추가"),
    "passkey-removed": Text("passkey removed", "패스키 삭제"),
    "password-changed": Text("password changed", "비밀번호 변경"),
    "sessions-ended": Text("all sessions ended", "모든 로그인 종료"),
    "data-changed": Text("own data changed", "내 정보 변경"),
    "address-proposed": Text("new address to confirm", "새 연락처 확인 요청"),
    "data-exported": Text("own data exported", "내 정보 내려받기"),
    "person-erased": Text("person erased", "개인정보 삭제"),
    "subject-linked": Text("pseudonym led back", "가명 연결"),
}
"""What the record of acts calls each deed of this room; a test holds them complete."""

WORDS: Mapping[str, Text] = {
    "refused": Text("Not possible", "할 수 없습니다"),
    "sign_in": Text("Sign in", "로그인"),
    "passkey_sign_in": Text("Sign in with a passkey", "패스키로 로그인"),
    "passkey_failed": Text(
        "The passkey did not work. Try again, or sign in another way.",
        "패스키를 확인하지 못했습니다. 다시 하거나 다른 방법으로 로그인하세요.",
    ),
    "passkey_none": Text(
        "Passkeys do not work at this address. Open this server by its name.",
        "이 주소에서는 패스키를 쓸 수 없습니다. 서버 이름으로 접속하세요.",
    ),
    "account": Text("E-mail or mobile number", "이메일 또는 휴대전화 번호"),
    "password": Text("Password", "비밀번호"),
    "other_ways": Text("Other ways to sign in", "다른 방법으로 로그인"),
    "link_ask": Text("Send me a sign-in link", "로그인 링크 받기"),
    "link_sent": Text("Look at your messages", "메시지를 확인하세요"),
    "link_sent_note": Text(
        "If this address is known here, a link is on its way. It works once, for 15 minutes.",
        "등록된 연락처라면 링크를 보냈습니다. 15분 안에 한 번만 쓸 수 있습니다.",
    ),
    "address_sent_note": Text(
        "If nobody else uses this address, a link is on its way there. Open it within an hour.",
        "다른 사람이 쓰지 않는 연락처라면 확인 링크를 보냈습니다. 1시간 안에 여세요.",
    ),
    "recovery_code": Text("Recovery code", "복구 코드"),
    "recovery_use": Text("Sign in with a recovery code", "복구 코드로 로그인"),
    "badge": Text("Badge", "사원증"),
    "badge_sign_in": Text("Sign in with a badge", "사원증으로 로그인"),
    "badge_scan": Text("Scan your badge", "사원증을 스캔하세요"),
    "badge_scan_note": Text(
        "The scanner types the code. Whoever was signed in here is signed out.",
        "스캐너가 코드를 입력합니다. 이전 사용자는 로그아웃됩니다.",
    ),
    "pin": Text("PIN", "비밀번호 6자리"),
    "pin_enter": Text("Enter your PIN", "비밀번호 6자리를 누르세요"),
    "pin_choose": Text("Choose a PIN of six digits", "사용할 비밀번호 6자리를 정하세요"),
    "pin_clear": Text("Clear", "지우기"),
    "go_on": Text("Go on", "확인"),
    "guest": Text("Inspector's access", "점검원 입장"),
    "guest_code": Text("Access code", "입장 코드"),
    "guest_note": Text(
        "You will see one organisation for a limited time. Every page you look at is written down.",
        "한 기관의 기록을 정해진 시간 동안 볼 수 있습니다. 열람한 내용은 기록됩니다.",
    ),
    "enter": Text("Enter", "입장"),
    "join": Text("Invitation", "초대"),
    "join_note": Text("You are invited to join:", "다음 기관에서 초대했습니다."),
    "join_accept": Text("Accept", "수락"),
    "join_next": Text(
        "Welcome. Choose now how you will sign in: a passkey, or a password.",
        "환영합니다. 이제 로그인 방법을 정하세요. 패스키 또는 비밀번호를 쓸 수 있습니다.",
    ),
    "address_confirm": Text("Confirm this address", "연락처 확인"),
    "address_confirm_note": Text(
        "Press the button if this address is yours.", "본인의 연락처가 맞으면 버튼을 누르세요."
    ),
    "confirm": Text("Confirm", "확인"),
    "me": Text("My data", "내 정보"),
    "name": Text("Name", "이름"),
    "email": Text("E-mail", "이메일"),
    "phone": Text("Mobile number", "휴대전화"),
    "pending": Text("not confirmed yet", "확인 대기 중"),
    "language": Text("Language of messages", "메시지 언어"),
    "korean": Text("Korean", "한국어로"),
    "english": Text("English", "영어로"),
    "save": Text("Save", "저장"),
    "add_address": Text("Add or change an address", "연락처 추가 또는 변경"),
    "address": Text("New e-mail or mobile number", "새 이메일 또는 휴대전화 번호"),
    "address_note": Text(
        "We send a link there. The address counts once you have opened it.",
        "입력한 곳으로 링크를 보냅니다. 링크를 열면 등록됩니다.",
    ),
    "send_link": Text("Send the link", "링크 보내기"),
    "ways": Text("How I sign in", "로그인 방법"),
    "passkeys": Text("Passkeys", "패스키"),
    "passkey_add": Text("Add a passkey", "패스키 추가"),
    "passkey_synced": Text("kept by your account with the device's maker", "제조사 계정에 보관됨"),
    "passkey_bound": Text("on one device", "한 기기에만 있음"),
    "remove": Text("Remove", "삭제"),
    "password_set": Text("Set a password", "비밀번호 설정"),
    "password_has": Text("A password is set.", "비밀번호가 있습니다."),
    "password_rule": Text(
        "At least ten characters, and not a common one.",
        "10자 이상, 흔하지 않은 비밀번호를 쓰세요.",
    ),
    "recovery": Text("Recovery codes", "복구 코드"),
    "recovery_left": Text("codes that are still good", "남은 코드"),
    "recovery_new": Text("Make new codes", "새 코드 만들기"),
    "recovery_note": Text(
        "Print them or write them down now: they are not shown again. Each works once.",
        "지금 인쇄하거나 적어 두세요. 다시 표시되지 않으며 하나를 한 번만 쓸 수 있습니다.",
    ),
    "sessions_end": Text("Sign out everywhere else", "다른 곳 모두 로그아웃"),
    "my_organisations": Text("My organisations", "내 기관"),
    "none": Text("none", "없음"),
    "export": Text("Take my data with me", "내 정보 내려받기"),
    "export_note": Text(
        "A file with all that is kept of you.", "보관 중인 내 정보를 파일로 받습니다."
    ),
    "erase": Text("Erase my data", "내 정보 삭제"),
    "erase_note": Text(
        "Name, addresses, passkeys and roles are deleted, and the key to them. It cannot be undone."
        " You get a certificate.",
        "이름, 연락처, 패스키, 역할과 그 열쇠를 지웁니다. 되돌릴 수 없습니다."
        " 삭제 확인서를 드립니다.",
    ),
    "erase_sure": Text("I want all of it deleted", "모두 삭제하겠습니다"),
    "certificate": Text("Certificate of deletion", "삭제 확인서"),
    "certificate_note": Text(
        "What was kept of this person has been deleted. What remains is a number without a name.",
        "이 사람에 대해 보관하던 정보를 삭제했습니다. 이름 없는 번호만 남습니다.",
    ),
    "person": Text("Person (number)", "사람(번호)"),
    "deleted": Text("Deleted", "삭제한 것"),
    "log_entry": Text("Entry of the public log", "공개 기록 항목"),
    "not_yet": Text("in a moment", "잠시 뒤"),
    "when": Text("When", "언제"),
    "done": Text("done", "완료"),
    "organisation_id": Text("Number", "번호"),
    "members": Text("Members and roles", "구성원과 역할"),
    "role": Text("Role", "역할"),
    "since": Text("since", "시작"),
    "until": Text("until", "기한"),
    "role_change": Text("Change role", "역할 변경"),
    "change": Text("Change", "변경"),
    "member_end": Text("End membership", "소속 종료"),
    "you": Text("you", "나"),
    "invite": Text("Invite somebody", "초대하기"),
    "contact": Text("E-mail or mobile number", "이메일 또는 휴대전화 번호"),
    "contact_note": Text(
        "Leave it empty to hand the link over yourself.",
        "비워 두면 링크를 직접 전달할 수 있습니다.",
    ),
    "invitations": Text("Invitations that wait", "대기 중인 초대"),
    "invitation_link": Text("Invitation link", "초대 링크"),
    "invitation_sent": Text("The invitation is on its way.", "초대를 보냈습니다."),
    "once_note": Text(
        "Copy it now: it is not shown again.", "지금 복사하세요. 다시 표시되지 않습니다."
    ),
    "withdraw": Text("Withdraw", "취소"),
    "duties": Text("Duties", "담당"),
    "duty": Text("Duty", "담당 업무"),
    "holder": Text("Holder", "담당자"),
    "deputy": Text("Deputy", "대리"),
    "handover": Text("Hand-over note", "인계 사항"),
    "handover_note": Text("No names or phone numbers.", "이름이나 전화번호는 적지 마세요."),
    "duty_set": Text("Set a duty", "담당 지정"),
    "duty_end": Text("End", "종료"),
    "badge_make": Text("Make a badge", "사원증 발급"),
    "badge_new": Text("New badge", "새 사원증"),
    "badge_end": Text("End badge", "사원증 종료"),
    "badge_print": Text(
        "Print it. The PIN is chosen at the first scan, within 7 days.",
        "인쇄하세요. 7일 안에 처음 스캔할 때 비밀번호 6자리를 정합니다.",
    ),
    "access": Text("Keys and inspectors", "키와 점검원"),
    "keys": Text("Keys for programs", "프로그램용 키"),
    "key_make": Text("Make a key", "키 만들기"),
    "key_new": Text("New key", "새 키"),
    "key_end": Text("Revoke", "취소"),
    "services": Text("Services", "서비스"),
    "days": Text("Days", "일수"),
    "in_use": Text("in use", "사용 중"),
    "ended": Text("ended", "종료됨"),
    "guests": Text("Inspectors", "점검원"),
    "guest_make": Text("Make an access code", "입장 코드 만들기"),
    "guest_new": Text("New access code", "새 입장 코드"),
    "hours": Text("Hours", "시간"),
    "webhook": Text("Webhook", "웹훅"),
    "webhook_note": Text(
        "Messages of this organisation are posted there, signed with the key below.",
        "이 기관의 알림을 아래 키로 서명해 보냅니다.",
    ),
    "webhook_url": Text("Address (https)", "주소(https)"),
    "webhook_key": Text("Signing key", "서명 키"),
    "webhook_end": Text("Stop", "중지"),
    "acts": Text("Record of acts", "처리 기록"),
    "acts_note": Text(
        "Every act, done or refused; each one is also an entry of the public log.",
        "처리한 일과 거절된 일을 모두 남깁니다. 모두 공개 기록에도 있습니다.",
    ),
    "unnamed": Text("without a name", "이름 없음"),
    "messages": Text("Messages that did not arrive", "보내지 못한 메시지"),
    "messages_waiting": Text("waiting", "대기 중"),
    "messages_dead": Text("given up", "중단됨"),
    "tries": Text("tries", "시도"),
    "back": Text("back", "뒤로"),
    "code": Text("reason", "사유 코드"),
}
