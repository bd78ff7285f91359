"""What the pages say, in each language, and which one a request wants."""

from collections.abc import Mapping

from fastapi import Request

COOKIE = "language"
FALLBACK = "en"

_ENGLISH = {
    "site": "Live event",
    "greeting": "Welcome",
    "skip": "Skip to the content",
    "language": "Language",
    "events": "Events",
    "no_events": "No event is planned.",
    "starts": "Starts",
    "auto": "Open to everybody who is signed in",
    "closed": "Registration needed",
    "sign_in": "Sign in",
    "sign_up": "Sign up",
    "sign_out": "Sign out",
    "email": "E-mail address",
    "password": "Password",
    "new_here": "New here? The same form makes you an account.",
    "invalid_credentials": "The e-mail address or the password is wrong.",
    "user_already_exists": "There is an account with this e-mail address already.",
    "validation_failed": "An e-mail address and a password are needed.",
    "player": "The stream",
    "player_waits": "The stream is shown here as soon as it begins.",
    "enter": "Enter the event",
    "register": "Register and enter",
    "register_first": "Whoever wants to watch registers for this event first.",
    "here": "Your presence is noted.",
    "leave": "Leave the event",
    "left": "You have left the event.",
    "chat": "Chat",
    "message": "Your message",
    "send": "Send",
    "questions": "Questions",
    "question": "Your question",
    "ask": "Ask",
    "older": "Show older ones",
    "nothing": "Nothing yet.",
    "me": "me",
    "someone": "somebody",
    "waiting": "waiting",
    "answered": "answered",
    "hidden": "hidden",
    "too_fast": "Not so fast: you can write again in {seconds} seconds.",
    "conflict": "You have asked this already.",
    "empty": "There is nothing to send.",
    "connected": "Live",
    "connecting": "Connecting …",
    "trouble": "That did not work. Please try again.",
    "no_such_event": "There is no such event.",
    "admin": "Administration",
    "admins_only": "Only administrators may see this page.",
    "now": "Current participants",
    "timeline": "Participants per minute, last hour",
    "minute": "Minute",
    "participants": "Participants",
    "no_data": "Nobody has been here within the last hour.",
    "as_table": "As a table",
    "moderate_chat": "Moderate the chat",
    "moderate_questions": "Moderate the questions",
    "hide": "Hide",
    "show": "Show again",
    "mark_answered": "Mark as answered",
    "mark_waiting": "Mark as waiting",
    "needs_scripts": "This page needs JavaScript.",
    "not_found": "There is nothing here.",
    "back": "Back to the events",
}
_KOREAN = {
    "site": "라이브 이벤트",
    "greeting": "환영합니다",
    "skip": "본문으로 건너뛰기",
    "language": "언어",
    "events": "이벤트",
    "no_events": "예정된 이벤트가 없습니다.",
    "starts": "시작",
    "auto": "로그인한 누구나 입장 가능",
    "closed": "사전 등록 필요",
    "sign_in": "로그인",
    "sign_up": "회원가입",
    "sign_out": "로그아웃",
    "email": "이메일 주소",
    "password": "비밀번호",
    "new_here": "처음이신가요? 같은 양식으로 계정을 만들 수 있습니다.",
    "invalid_credentials": "이메일 주소 또는 비밀번호가 올바르지 않습니다.",
    "user_already_exists": "이미 가입된 이메일 주소입니다.",
    "validation_failed": "이메일 주소와 비밀번호를 입력해 주세요.",
    "player": "방송",
    "player_waits": "방송이 시작되면 여기에 표시됩니다.",
    "enter": "입장하기",
    "register": "등록하고 입장하기",
    "register_first": "이 이벤트를 보려면 먼저 등록해 주세요.",
    "here": "시청 중으로 기록되고 있습니다.",
    "leave": "이벤트 나가기",
    "left": "이벤트에서 나왔습니다.",
    "chat": "채팅",
    "message": "메시지",
    "send": "보내기",
    "questions": "질문",
    "question": "질문 내용",
    "ask": "질문하기",
    "older": "이전 글 보기",
    "nothing": "아직 없습니다.",
    "me": "나",
    "someone": "참가자",
    "waiting": "대기 중",
    "answered": "답변 완료",
    "hidden": "숨김",
    "too_fast": "너무 빠릅니다. {seconds}초 뒤에 다시 쓸 수 있습니다.",
    "conflict": "이미 같은 질문을 하셨습니다.",
    "empty": "내용을 입력해 주세요.",
    "connected": "실시간 연결됨",
    "connecting": "연결 중 …",
    "trouble": "처리하지 못했습니다. 다시 시도해 주세요.",
    "no_such_event": "존재하지 않는 이벤트입니다.",
    "admin": "관리",
    "admins_only": "관리자만 볼 수 있는 페이지입니다.",
    "now": "현재 참가자",
    "timeline": "분당 참가자 수 (최근 1시간)",
    "minute": "시각(분)",
    "participants": "참가자 수",
    "no_data": "최근 1시간 동안 참가자가 없습니다.",
    "as_table": "표로 보기",
    "moderate_chat": "채팅 관리",
    "moderate_questions": "질문 관리",
    "hide": "숨기기",
    "show": "다시 보이기",
    "mark_answered": "답변 완료로 표시",
    "mark_waiting": "대기 중으로 표시",
    "needs_scripts": "이 페이지는 JavaScript가 필요합니다.",
    "not_found": "페이지를 찾을 수 없습니다.",
    "back": "이벤트 목록으로",
}
WORDS: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "ko": _KOREAN}


def language(request: Request) -> str:
    """What the address says (`?lang=ko`), what was chosen before, or what the browser prefers among ours."""
    chosen = (request.query_params.get("lang", ""), request.cookies.get(COOKIE, ""))
    wanted = (*chosen, *_preferred(request.headers.get("accept-language", "")))
    return next((one for one in wanted if one in WORDS), FALLBACK)


def _preferred(header: str) -> list[str]:
    """The languages of an `Accept-Language` header without their regions, the best first (RFC 9110, 12.5.4)."""
    weighed = []
    for one in header.split(","):
        name, _, weight = one.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), name.partition("-")[0].lower()))
        except ValueError:
            continue
    return [name for _, name in sorted(weighed, key=lambda one: one[0])]
