"""The pages in a real browser: sign in, take part, moderate; in both languages, by keyboard, on a phone."""

import re
from collections.abc import Iterator

import pytest
from browsing import CHROMIUM, chromium, sign_in, surfing
from live_rig import ADMIN, PASSWORD, Live, Person
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

pytestmark = [pytest.mark.real, pytest.mark.skipif(not CHROMIUM, reason="no browser is installed")]

ENGLISH = ("E-mail address", "Password", "Sign in")
KOREAN = ("이메일 주소", "비밀번호", "로그인")
NAMELESS = (
    "[...document.querySelectorAll('button, a, input')].filter((one) => !one.labels?.length && !one.textContent.trim())"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser, live: Live) -> Iterator[Page]:
    with surfing(browser, str(live.http.base_url)) as opened:
        yield opened


@pytest.fixture
def inside(page: Page, somebody: Person, event: str) -> Page:
    """Somebody who has entered the event by its page."""
    sign_in(page, somebody.email, ENGLISH, f"/events/{event}")
    page.get_by_role("button", name="Enter the event").click()
    expect(page.get_by_text("Your presence is noted.")).to_be_visible()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    return page


def _write(page: Page, place: str, text: str) -> None:
    label, button = {"chat": ("Your message", "Send"), "questions": ("Your question", "Ask")}[place]
    page.get_by_label(label).fill(text)
    page.get_by_role("button", name=button).click()
    expect(page.locator(f"#{place}").get_by_text(text, exact=True)).to_be_visible()


def test_whoever_is_not_signed_in_is_led_to_it_and_back(page: Page, event: str, somebody: Person) -> None:
    page.goto(f"/events/{event}")
    page.wait_for_url("**/sign-in?next=*")
    page.get_by_label("E-mail address").fill(somebody.email)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("The e-mail address or the password is wrong.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    page.wait_for_url(f"**/events/{event}")
    expect(page.get_by_role("heading", name="New")).to_be_visible()


def test_signing_in_leads_to_no_other_site(page: Page, somebody: Person) -> None:
    page.goto("/sign-in?next=https://elsewhere.example/")
    page.get_by_label("E-mail address").fill(somebody.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    assert "elsewhere" not in page.url


def test_a_newcomer_signs_up_and_out(page: Page, event: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(f"{event}@live-event.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    assert page.evaluate("localStorage.length") == 0


def test_people_chat_and_ask_in_real_time(inside: Page, browser: Browser, live: Live, event: str) -> None:
    other = live.sign_up()
    with surfing(browser, str(live.http.base_url), "ko-KR") as second:
        sign_in(second, other.email, KOREAN, f"/events/{event}")
        expect(second.get_by_text("실시간 연결됨")).to_be_visible()
        for place in ("chat", "questions"):
            _write(inside, place, f"words for {place}")
            expect(second.locator(f"#{place}").get_by_text(f"words for {place}")).to_be_visible()
        _write(inside, "chat", "more")
        assert second.locator("#chat .body").all_inner_texts() == ["words for chat", "more"]


def test_hostile_text_stays_text(inside: Page) -> None:
    for text in ("<img src=x onerror=document.title='owned'>", "<script>document.title='owned'</script>"):
        _write(inside, "chat", text)
    assert inside.locator("#chat img, #chat script").count() == 0
    assert "owned" not in inside.title()


def test_whoever_writes_too_fast_is_told_when_to_go_on(inside: Page) -> None:
    for number in range(5):
        _write(inside, "chat", f"words {number}")
    inside.get_by_label("Your message").fill("one too many")
    inside.get_by_role("button", name="Send").click()
    expect(inside.locator("#chat-notice")).to_have_text("Not so fast: you can write again in 10 seconds.")
    expect(inside.get_by_label("Your message")).to_have_value("one too many")


def test_the_same_question_twice_is_told(inside: Page) -> None:
    _write(inside, "questions", "Why?")
    inside.get_by_label("Your question").fill("Why?")
    inside.get_by_role("button", name="Ask").click()
    expect(inside.locator("#questions-notice")).to_have_text("You have asked this already.")


def test_older_messages_are_read_when_they_are_wanted(inside: Page, live: Live, event: str) -> None:
    writers = [live.sign_up() for _ in range(5)]
    for number, who in enumerate(one for one in writers for _ in range(5)):
        live.http.post(f"/api/events/{event}/access/track", headers=who.headers)
        live.http.post(f"/api/events/{event}/chat", headers=who.headers, json={"body": f"words {number}"})
    inside.reload()
    expect(inside.locator("#chat .body")).to_have_count(20)
    inside.get_by_role("button", name="Show older ones").first.click()
    expect(inside.locator("#chat .body")).to_have_count(25)
    assert inside.locator("#chat .body").all_inner_texts() == [f"words {number}" for number in range(25)]
    expect(inside.get_by_role("button", name="Show older ones")).to_have_count(0)


EXPIRE = (
    "() => { const told = JSON.parse(localStorage.session); told.access_token = 'expired';"
    " localStorage.session = JSON.stringify(told); }"
)


def test_an_expired_token_is_renewed_once_and_nobody_notices(inside: Page, live: Live, somebody: Person) -> None:
    sessions = "select id from sessions where user_id::text = %s"
    inside.evaluate(EXPIRE)
    with inside.expect_response(lambda one: "grant_type=refresh_token" in one.url):
        _write(inside, "chat", "still here")
    inside.evaluate(EXPIRE)
    inside.reload()
    expect(inside.get_by_text("Your presence is noted.")).to_be_visible()
    inside.evaluate(EXPIRE)
    before = len(live.rows(sessions, somebody.id))
    inside.get_by_role("button", name="Sign out").click()
    expect(inside.get_by_role("link", name="Sign in")).to_be_visible()
    assert len(live.rows(sessions, somebody.id)) == before - 1
    assert not live.auth(error_code="refresh_token_already_used")


def test_tabs_share_a_session_and_renew_it_once(inside: Page, live: Live) -> None:
    tabs = [inside, *(inside.context.new_page() for _ in range(3))]
    for one in tabs[1:]:
        one.goto(inside.url)
        expect(one.get_by_text("Your presence is noted.")).to_be_visible()
    inside.evaluate(EXPIRE)
    for one in tabs:
        one.evaluate("() => { document.getElementById('enter').click(); }")
    for number, one in enumerate(tabs):
        _write(one, "chat", f"from tab {number}")
    assert not live.auth(error_code="refresh_token_already_used")


def test_a_service_in_trouble_signs_nobody_out(inside: Page) -> None:
    inside.route(
        "**/auth/v1/token*", lambda route: route.fulfill(status=500, json={"error_code": "unexpected_failure"})
    )
    inside.evaluate(EXPIRE)
    inside.get_by_label("Your message").fill("not now")
    inside.get_by_role("button", name="Send").click()
    expect(inside.locator("#chat-notice")).to_have_text("That did not work. Please try again.")
    inside.unroute("**/auth/v1/token*")
    _write(inside, "chat", "now")


class Line:
    """The line of a page's socket, which can be cut and mended."""

    def __init__(self, page: Page) -> None:
        self._cut = False
        self._sockets: list[WebSocketRoute] = []
        self._page = page
        page.route_web_socket(re.compile("/socket$"), self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        if self._cut:
            socket.close(code=1012)
        else:
            socket.connect_to_server()
            self._sockets.append(socket)

    def cut(self) -> None:
        self._cut = True
        self._sockets[-1].close(code=1012)
        expect(self._page.get_by_text("Connecting")).to_be_visible()

    def mend(self) -> None:
        self._cut = False


@pytest.fixture
def line(page: Page, live: Live, somebody: Person, event: str) -> Line:
    """That of a page on which somebody has entered the event."""
    line = Line(page)
    live.http.post(f"/api/events/{event}/access/track", headers=somebody.headers)
    sign_in(page, somebody.email, ENGLISH, f"/events/{event}")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    return line


def test_what_is_shown_again_during_a_pause_comes_back(
    page: Page, line: Line, live: Live, admin: Person, event: str
) -> None:
    _write(page, "chat", "not so rude")
    path = f"/api/events/{event}/chat"
    (words,) = live.http.get(path, headers=admin.headers).json()["messages"]
    live.http.patch(f"{path}/{words['id']}", headers=admin.headers, json={"hidden": True})
    expect(page.locator("#chat .body")).to_have_count(0)
    line.cut()
    live.http.patch(f"{path}/{words['id']}", headers=admin.headers, json={"hidden": False})
    line.mend()
    expect(page.locator("#chat .body")).to_have_text(["not so rude"])


def test_what_was_hidden_or_written_during_a_pause_is_right_afterwards(
    page: Page, line: Line, live: Live, admin: Person, event: str
) -> None:
    _write(page, "chat", "rude")
    line.cut()
    path = f"/api/events/{event}/chat"
    (rude,) = live.http.get(path, headers=admin.headers).json()["messages"]
    live.http.patch(f"{path}/{rude['id']}", headers=admin.headers, json={"hidden": True})
    writers = [live.sign_up() for _ in range(5)]
    for who in writers:
        live.http.post(f"/api/events/{event}/access/track", headers=who.headers)
    missed = [f"missed {number}" for number in range(22)]
    for number, words in enumerate(missed):
        live.http.post(path, headers=writers[number % 5].headers, json={"body": words})
    line.mend()
    expect(page.locator("#chat .body")).to_have_text(missed[2:])
    page.get_by_role("button", name="Show older ones").first.click()
    expect(page.locator("#chat .body")).to_have_text(missed)


def test_the_language_can_be_changed_on_the_way_to_an_event(page: Page, event: str) -> None:
    page.goto(f"/sign-in?next=/events/{event}")
    page.get_by_role("link", name="한국어").click()
    expect(page.get_by_role("heading", name="로그인")).to_be_visible()
    assert f"next=%2Fevents%2F{event}" in page.url or f"next=/events/{event}" in page.url


def test_a_closed_event_asks_whoever_comes_to_register(page: Page, live: Live, somebody: Person) -> None:
    closed = live.new_event(policy="closed")
    sign_in(page, somebody.email, ENGLISH, f"/events/{closed}")
    expect(page.get_by_text("registers for this event first")).to_be_visible()
    assert live.count("registrations", closed) == 0
    page.get_by_role("button", name="Register and enter").click()
    expect(page.get_by_text("Your presence is noted.")).to_be_visible()
    assert live.count("registrations", closed) == 1


def test_whoever_leaves_a_closed_event_may_register_again(page: Page, live: Live, somebody: Person) -> None:
    closed = live.new_event(policy="closed")
    live.http.post(f"/api/events/{closed}/registrations", headers=somebody.headers)
    sign_in(page, somebody.email, ENGLISH, f"/events/{closed}")
    page.get_by_role("button", name="Leave the event").click()
    page.get_by_role("button", name="Enter the event").click()
    expect(page.get_by_role("button", name="Register and enter")).to_be_visible()
    expect(page.locator("#room")).to_be_hidden()


def test_an_administrator_moderates_a_closed_event(page: Page, live: Live, somebody: Person) -> None:
    closed = live.new_event(policy="closed")
    live.http.post(f"/api/events/{closed}/registrations", headers=somebody.headers)
    live.http.post(f"/api/events/{closed}/chat", headers=somebody.headers, json={"body": "among us"})
    sign_in(page, ADMIN, ENGLISH, f"/events/{closed}/admin")
    button = page.get_by_role("button", name="Hide: among us")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Show again: among us")).to_be_focused()


def test_whoever_leaves_is_no_longer_there(inside: Page, live: Live, event: str) -> None:
    inside.get_by_role("button", name="Leave the event").click()
    expect(inside.get_by_text("You have left the event.")).to_be_visible()
    expect(inside.get_by_label("Your message")).to_be_hidden()
    assert (live.count("registrations", event), live.count("presence", event)) == (0, 0)


def test_an_administrator_sees_who_is_there_and_moderates(
    inside: Page, browser: Browser, live: Live, event: str
) -> None:
    _write(inside, "chat", "something rude")
    _write(inside, "questions", "When?")
    with surfing(browser, str(live.http.base_url)) as office:
        sign_in(office, ADMIN, ENGLISH, f"/events/{event}/admin")
        expect(office.locator("#now")).to_have_text("1")
        expect(office.get_by_role("img", name=re.compile("Participants per minute"))).to_be_visible()
        assert office.locator("#chart rect").count() >= 1
        office.get_by_text("As a table").click()
        expect(office.locator("#minutes tr").first).to_contain_text("1")
        office.get_by_role("button", name="Hide: something rude").click()
        expect(inside.locator("#chat").get_by_text("something rude")).to_have_count(0)
        office.get_by_role("button", name="Show again").click()
        expect(inside.locator("#chat").get_by_text("something rude")).to_be_visible()
        office.get_by_role("button", name="Mark as answered").click()
        expect(inside.locator("#questions li")).to_contain_text("answered")


def test_the_administrators_page_is_for_administrators(inside: Page, event: str) -> None:
    inside.goto(f"/events/{event}/admin")
    expect(inside.get_by_role("status").first).to_have_text("Only administrators may see this page.")
    expect(inside.locator("#room")).to_be_hidden()


def test_an_event_that_is_not_there_is_told(page: Page, somebody: Person) -> None:
    sign_in(page, somebody.email, ENGLISH, "/events/last-year")
    expect(page.get_by_role("status").first).to_have_text("There is no such event.")


def test_the_keyboard_is_enough(inside: Page) -> None:
    inside.reload()
    expect(inside.get_by_text("Your presence is noted.")).to_be_visible()
    inside.keyboard.press("Tab")
    assert inside.evaluate("document.activeElement.className") == "skip"
    inside.keyboard.press("Enter")
    assert inside.evaluate("document.activeElement.id") == "content"
    for _ in range(12):
        inside.keyboard.press("Tab")
        if inside.evaluate("document.activeElement.id") == "chat-body":
            break
    inside.keyboard.type("by keyboard")
    inside.keyboard.press("Enter")
    expect(inside.locator("#chat").get_by_text("by keyboard")).to_be_visible()
    assert inside.evaluate("document.activeElement.id") == "chat-body"


@pytest.mark.parametrize("language", ["en-US", "ko-KR"])
def test_a_page_fits_a_phone_and_every_control_has_a_name(
    browser: Browser, live: Live, event: str, language: str
) -> None:
    labels = KOREAN if language == "ko-KR" else ENGLISH
    with surfing(browser, str(live.http.base_url), language, width=360) as phone:
        sign_in(phone, ADMIN, labels, f"/events/{event}")
        for path in ("/", "/sign-in", f"/events/{event}", f"/events/{event}/admin"):
            phone.goto(path)
            expect(phone.get_by_role("heading", level=1)).to_be_visible()
            phone.wait_for_load_state("networkidle")
            assert phone.evaluate("document.documentElement.scrollWidth") <= 360
            assert phone.evaluate(f"{NAMELESS}.length") == 0
