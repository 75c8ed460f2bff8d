# SPDX-License-Identifier: Apache-2.0
"""What goes wrong around a sign-in, in a real browser: nothing is lost, nothing is sent twice.

One story for all of it, because a pair of nodes and a browser take seconds to start. Which page is refused
to whom, and how many tries there are, is shown without a browser: `test_roles.py`, `test_signing_in.py`.
"""

from playwright.sync_api import Browser
from tests.support.browsing import AUDITOR, Officer, PagesPair
from tests.support.page_stories import PERSON, notice

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_trouble_at_the_sign_in_loses_nothing_and_sends_nothing_twice(
    browser: Browser, made: PagesPair
) -> None:
    officer = Officer(browser, made, made.kh, "P-0001")
    _wrong_password(officer)
    form = _sign_in_lost_inside_a_form(officer)
    _double_click_sends_once(officer, made, form)
    _refused(officer, "/audit")
    _refused(Officer(browser, made, made.kh, AUDITOR).sign_in(), "/cases")
    _passkey(Officer(browser, made, made.kh, "P-0002", script=True))


def _wrong_password(officer: Officer) -> None:
    right, officer.password = officer.password, "wrong"
    officer.sign_in()
    assert "Number, password or code is wrong." in officer.text()
    officer.password = right
    officer.sign_in()
    assert officer.title() == "Work today"


def _sign_in_lost_inside_a_form(officer: Officer) -> str:
    """Lose the cookie between two steps; return the address of the form, that goes on where it was."""
    officer.go("/write")
    officer.press("Begin")
    answers = notice()
    while "/names" not in officer.page.url:
        officer.answer(**answers.get(officer.page.url.rpartition("/")[2], {}))
    officer.answer(**answers["names"])
    at = officer.page.url.partition("?")[0].removeprefix(officer.base)
    officer.context.clear_cookies()
    officer.press("Save and go on")
    assert officer.title() == "Sign in"
    officer.sign_in()
    officer.press("Go on")
    officer.form(answers)
    assert PERSON in officer.text()
    return at


def _double_click_sends_once(officer: Officer, made: PagesPair, form: str) -> None:
    assert form.split("/")[2] in officer.page.url
    before = len(made.kh.service.ask("message.list", limit=100)["messages"])
    officer.page.locator("main form[action$=send] button").dblclick()
    officer.page.wait_for_url("**/sent/**")
    assert officer.title() in ("Delivered", "On its way"), officer.text()
    assert len(made.kh.service.ask("message.list", limit=100)["messages"]) == before + 1


def _refused(officer: Officer, path: str) -> None:
    officer.go(path)
    assert officer.title() == "Your account does not do this", (officer.number, path)
    assert "Nothing was changed." in officer.text()
    officer.context.close()


def _passkey(officer: Officer) -> None:
    """Add a passkey with the virtual device of the browser, and sign in with it alone."""
    device = officer.context.new_cdp_session(officer.page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    officer.base = officer.base.replace("127.0.0.1", "localhost")
    officer.sign_in()
    officer.go("/account")
    officer.page.get_by_label("Your password, to add a passkey").fill(officer.password)
    officer.press("Add a passkey")
    officer.press("Use this device")
    officer.page.wait_for_url("**/account")
    officer.press("Leave this page")
    officer.go("/sign-in")
    officer.press("Sign in with a passkey")
    officer.page.wait_for_url("**/today")
    assert officer.title() == "Work today"
    assert officer.stopped == []
