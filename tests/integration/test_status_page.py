"""The status page in a real Chromium, on an API that plays what it asks (`page_api`)."""

import re
import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from selenium.webdriver import ActionChains, Chrome, ChromeOptions, Keys
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.acceptance.alerting import Alerting, config
from tests.acceptance.alerting import alert as fires
from tests.integration.page_api import (
    PageApi,
    RealApi,
    Served,
    alert,
    group,
    notification,
    served,
    shop,
    stamp,
)
from tests.unit.asking_api import Api
from tests.unit.commandline import SetClock
from tocsin.local.applying import apply_rules

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER),
    reason="chromium is not installed (apt-get install chromium chromium-driver)",
)
WAIT_SECONDS = 80.0
VIEWS = (
    "#/alerts",
    "#/silences",
    "#/silences/new",
    "#/rules",
    "#/inputs",
    "#/receivers",
    "#/status",
    "#/history",
    "#/configuration/3",
    "#/groups/group.000000000000000000000001",
    '#/explain?labels={alertname="HighLatency"}',
)
# The least contrast of any text with what lies behind it (WCAG 2.2, 1.4.3), and the text it is of.
CONTRAST = """
const context = Object.assign(document.createElement('canvas'), {width: 1, height: 1})
    .getContext('2d', {willReadFrequently: true});
const parse = (color) => {
  context.clearRect(0, 0, 1, 1); context.fillStyle = color; context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data];
};
const light = (c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
const ground = (e) => {
  for (; e; e = e.parentElement) {
    const color = parse(getComputedStyle(e).backgroundColor);
    if (color[3] === 255) return color;
  }
  return [255, 255, 255, 255];
};
let worst = [99, ''];
for (const e of document.querySelectorAll('body *')) {
  if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.offsetParent) continue;
  const [one, other] = [luminance(parse(getComputedStyle(e).color)), luminance(ground(e))];
  const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  if (ratio < worst[0]) worst = [ratio, e.textContent];
}
return worst;
"""


@dataclass
class Page:
    """The page as somebody uses it; `expected` are parts of the console's errors that a test provokes."""

    driver: Chrome
    api: PageApi
    url: str
    expected: tuple[str, ...] = ()

    def open(self, place: str = "#/alerts", shows: str = "") -> "Page":
        """Load the page at a place and wait until it shows a text."""
        self.driver.get("about:blank")
        return self.go(place, shows)

    def go(self, place: str, shows: str = "") -> "Page":
        """Go to a place as a link does, and wait until it shows a text."""
        self.driver.get(f"{self.url}/{place}")
        if shows:
            self.wait_for(shows)
        else:
            self.until(lambda: "Asking" not in self.text() and "\n" in self.text("main"))
        return self

    def text(self, selector: str = "body") -> str:
        """Return the text that is seen."""
        script = "return document.querySelector(arguments[0]).innerText"
        return str(self.driver.execute_script(script, selector))

    def until(self, condition: Callable[[], Any], what: str = "") -> None:
        """Wait until something holds."""
        WebDriverWait(self.driver, WAIT_SECONDS, 0.05).until(lambda _: condition(), what or self.text())

    def wait_for(self, text: str, selector: str = "body") -> None:
        """Wait until a text is seen."""
        self.until(lambda: text in self.text(selector), f"{text!r} is not in: {self.text(selector)}")

    def wait_until_gone(self, text: str, selector: str = "body") -> None:
        """Wait until a text is seen no more."""
        self.until(lambda: text not in self.text(selector), f"{text!r} is still there")

    def element(self, selector: str) -> WebElement:
        """Return the first element that is selected."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def click(self, text: str, within: str = "body") -> None:
        """Click what bears exactly a text: a button, a link, the heading of what opens."""
        path = f".//*[(self::a or self::button or self::h2[parent::summary]) and normalize-space()={text!r}]"
        self.element(within).find_element(By.XPATH, path).click()

    def fill(self, name: str, text: str) -> None:
        """Type a text into a field in place of what is there."""
        found = self.element(f"main input[name={name}]")
        found.clear()
        found.send_keys(text)

    def unfold(self) -> None:
        """Open all that opens."""
        script = "for (const each of document.querySelectorAll('main details')) each.open = true"
        self.driver.execute_script(script)
        closed = "return document.querySelectorAll('main details:not(:has(> .inside))').length"
        self.until(lambda: self.driver.execute_script(closed) == 0)

    def refresh(self) -> None:
        """Let the page ask again now, as it does by itself every 15 s."""
        before = len(self.api.asked)
        self.driver.execute_script("dispatchEvent(new Event('online'))")
        self.until(lambda: len(self.api.asked) > before)

    def size(self, width: int, height: int) -> None:
        """Be as large as a screen."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def theme(self, name: str) -> None:
        """Prefer light or dark."""
        feature = {"name": "prefers-color-scheme", "value": name}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def tab_to(self, text: str) -> None:
        """Press Tab until what bears a text has the focus."""
        script = "return (document.activeElement.innerText || document.activeElement.name || '').trim()"
        for _ in range(60):
            self.press(Keys.TAB)
            if self.driver.execute_script(script) == text:
                return
        pytest.fail(f"Tab does not come to {text!r}")

    def console(self) -> list[str]:
        """Return what the console complains of and no test provoked."""
        lines = [str(line["message"]) for line in self.driver.execute("getLog", {"type": "browser"})["value"]]
        return [line for line in lines if not any(part in line for part in self.expected)]


@pytest.fixture(scope="module")
def driver() -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = Chrome(options=options, service=Service(str(DRIVER)))
    yield started
    started.quit()


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served() as server:
        yield server


@pytest.fixture
def page(driver: Chrome, server: Served) -> Iterator[Page]:
    server.api = api = shop()
    page = Page(driver, api, server.url)
    page.size(1280, 800)
    page.theme("light")
    yield page
    left = page.console()
    driver.execute_script("sessionStorage.clear(); localStorage.clear()")
    driver.get("about:blank")
    assert left == []


def silence(page: Page, **labels: str) -> str:
    """Put a silence in force and return its id."""
    number = "11111111-1111-4111-8111-111111111111"
    page.api.silences[number] = {
        "id": number,
        "status": {"state": "active"},
        "matchers": [{"name": k, "value": v, "isRegex": False, "isEqual": True} for k, v in labels.items()],
        "startsAt": stamp(-600),
        "endsAt": stamp(5400),
        "updatedAt": stamp(-600),
        "createdBy": "ann",
        "comment": "Checkout deploys",
    }
    return number


def test_the_header_says_in_words_how_things_are(page: Page) -> None:
    page.open(shows="HighLatency")

    assert page.text("#headline") == "3 groups fire, 1 more is muted. 1 rule is not well."
    assert page.driver.title == "(3) Tocsin"


def test_groups_are_shown_with_what_they_hold_and_open_to_their_alerts(page: Page) -> None:
    page.open(shows="3 firing")
    assert "instance" not in page.text("main")

    page.click("HighErrorRate · api")

    page.wait_for("10.0.0.2")
    assert "The budget is spent by noon." in page.text("main")


def test_the_worst_comes_first_and_what_is_muted_or_over_last(page: Page) -> None:
    page.open(shows="DiskFull")

    names = [found.text for found in page.driver.find_elements(By.CSS_SELECTOR, "summary h2")]

    assert names == ["eu", "HighErrorRate · api", "HighLatency", "BackupSlow", "DiskFull"]


def test_what_mutes_an_alert_is_said_and_until_when(page: Page) -> None:
    silence(page, alertname="HighLatency")
    page.open(shows="Silenced until")
    for name in ("eu", "HighLatency", "BackupSlow"):
        page.click(name)

    page.wait_for("Inhibited by ClusterDown (cluster)")
    page.wait_for("Silenced: Checkout deploys by ann until ")
    page.wait_for("Muted in the time interval nights until ")
    assert re.search(r"nights until .+ \(in 1 h (30|29) min\)", page.text("main"))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (5400, "in 1 h 30 min"),
        (5399.6, "in 1 h 30 min"),
        (5399.4, "in 1 h 29 min"),
        (300, "in 5 min"),
        (330, "in 5 min"),
        (40, "in 40 s"),
        (0.9, "now"),
        (-0.9, "now"),
        (-1, "1 s ago"),
        (-7500, "2 h 5 min ago"),
        (-3600, "1 h ago"),
        (-90000, "1 d 1 h ago"),
        (-200000, "2 d ago"),
    ],
)
def test_times_are_said_in_words(page: Page, seconds: float, words: str) -> None:
    page.open(shows="HighLatency")
    script = """
      const [seconds, done] = arguments, at = Date.now();
      const beside = document.querySelector("script[type=module]").src;
      import(new URL("format.js", beside)).then(
        ({relative}) => done(relative(new Date(at + seconds * 1000).toJSON(), at)));
    """

    assert page.driver.execute_async_script(script, seconds) == words


def test_a_link_of_alertmanager_shows_what_it_says(page: Page) -> None:
    page.open("#/alerts?receiver=team-infra&filter=%7Bcluster%3D%22eu%22%7D", shows="1 firing")

    names = [found.text for found in page.driver.find_elements(By.CSS_SELECTOR, "summary h2")]

    assert names == ["eu"]
    assert any("receiver=team-infra" in line and "/alerts/groups" in line for line in page.api.asked)


def test_a_silence_is_created_from_an_alert_and_mutes_it(page: Page) -> None:
    page.open(shows="HighLatency")
    page.click("HighLatency")
    page.wait_for("Runbook")
    page.click("Silence")
    page.wait_for("It would mute 1 alert now.")
    values = [found.get_attribute("value") for found in page.driver.find_elements(By.NAME, "value")]
    assert values == ["HighLatency", "warning", "checkout", "shop"]

    page.fill("comment", "Known, being worked on")
    page.click("Create")

    page.wait_for("The silence is created.")
    page.wait_for("It mutes 1 alert")
    page.click("Alerts", within="#views")
    page.wait_for("Silenced until")
    assert page.text("#headline").startswith("2 groups fire, 2 more are muted.")
    [made] = page.api.silences.values()
    assert (made["createdBy"], made["comment"]) == ("ann", "Known, being worked on")


def test_what_a_silence_would_mute_follows_what_is_typed(page: Page) -> None:
    page.open("#/silences/new", shows="Nothing yet")

    page.fill("name", "alertname")
    page.fill("value", "HighErrorRate")
    page.wait_for("It would mute 3 alerts now.")
    page.fill("value", "Nobody")

    page.wait_for("It would mute no alert now.")


def test_a_duration_that_cannot_be_read_is_refused_before_it_is_sent(page: Page) -> None:
    page.open('#/silences/new?filter={team="shop"}&comment=why', shows="It would mute")
    page.fill("period", "two hours")

    page.click("Create")

    page.wait_for("write 30m, 2h, 1d or 1h30m", ".error")
    assert page.api.silences == {}


def test_a_silence_is_edited_in_place(page: Page) -> None:
    number = silence(page, alertname="HighLatency")
    starts = page.api.silences[number]["startsAt"]
    page.open("#/silences", shows="Checkout deploys")
    page.click("Edit")
    page.wait_for("Edit the silence")

    page.fill("comment", "Still deploying")
    page.click("4h")
    page.click("Save")

    page.wait_for("The silence is changed.")
    page.wait_for("Still deploying", "main")
    assert list(page.api.silences) == [number]
    assert page.api.silences[number]["startsAt"] == starts  # to the millisecond, else it would be a new one


def test_a_silence_is_expired_after_a_question(page: Page) -> None:
    number = silence(page, alertname="HighLatency")
    page.open(f"#/silences/{number}", shows="It mutes 1 alert")

    page.click("Expire")
    page.click("Cancel", within="#confirm")
    assert page.api.silences[number]["status"]["state"] == "active"
    page.click("Expire")
    page.click("Expire", within="#confirm")

    page.wait_for("The silence is expired.")
    page.wait_for("Create again")
    assert page.api.silences[number]["status"]["state"] == "expired"


def test_a_silence_is_expired_without_a_mouse(page: Page) -> None:
    number = silence(page, alertname="HighLatency")
    page.open(shows="HighLatency")

    page.tab_to("Silences")
    page.press(Keys.ENTER)
    page.wait_for("Checkout deploys")
    page.tab_to("Expire")
    assert page.element(":focus-visible").text == "Expire"
    page.press(Keys.ENTER)
    page.wait_for("Expire this silence?")
    page.press(Keys.ENTER)

    page.wait_for("The silence is expired.")
    assert page.api.silences[number]["status"]["state"] == "expired"


def test_the_first_tab_leads_past_the_header(page: Page) -> None:
    page.open(shows="HighLatency")
    page.tab_to("Skip to the content")
    page.press(Keys.ENTER)

    page.tab_to("filter")

    assert page.driver.current_url.endswith("#/alerts")


def test_rules_are_shown_with_state_health_and_what_is_wrong(page: Page) -> None:
    page.open("#/rules", shows="1 not well")
    page.click("shop / api")

    page.wait_for("connection refused")
    page.wait_for("unanswered")
    page.wait_for("rate(errors_total")
    page.wait_for("in 4")  # seconds until the next evaluation


def test_a_rule_is_paused_and_resumed(page: Page) -> None:
    page.open("#/rules?search=HighLatency", shows="1 pending")
    page.click("shop / api")
    page.wait_for("Pause 2 h")

    page.click("Pause")
    page.wait_for("paused by ann until it is resumed")
    page.click("Resume")

    page.wait_for("HighLatency is resumed.")
    page.wait_until_gone("until it is resumed")


def test_inputs_and_outputs_are_shown_with_how_they_are_the_worst_first(page: Page) -> None:
    page.open("#/inputs", "payments")
    text = page.text("main")
    assert text.index("payments") < text.index("nightly") < text.index("shop-front")
    for words in ("timeout: no answer in 5 s", "30 failed", "2 overran", "by bob until it is resumed"):
        assert words in text
    for words in ("0 3 * * * (Europe/Berlin)", "unreachable: connection refused", "42 entries", "Given up"):
        assert words in text
    page.go("#/inputs?state=failing", "payments").wait_until_gone("shop-front")


def test_receivers_are_shown_with_their_last_answers(page: Page) -> None:
    page.open("#/receivers", shows="pagerduty")

    assert "failing" in page.text("main")
    assert "401 Unauthorized" in page.text("main")
    assert "It tells nobody: it has no integration." in page.text("main")


def test_shards_are_shown_with_cursor_lag_and_gaps(page: Page) -> None:
    page.open("#/status", shows="Shard 1.1")

    text = page.text("main")
    assert "6 min 40 s behind" in text
    assert "shop/api/QueueFull\nlags" in text
    assert "Replayed" in text
    assert "Version 4 in force" in text


def test_the_notification_log_of_a_group_is_a_timeline(page: Page) -> None:
    page.open(shows="HighErrorRate · api")
    page.click("HighErrorRate · api")
    page.wait_for("Timeline")
    page.click("Timeline")

    page.wait_for("What was told")
    lines = page.driver.find_elements(By.CSS_SELECTOR, ".timeline > li")
    assert len(lines) == 3
    assert "serverError, tried again" in lines[1].text
    assert "oncall / slack · new alerts added · 3 firing · 3 tries" in lines[1].text


def test_changes_are_shown_with_who_made_them(page: Page) -> None:
    page.open("#/history", shows="Rule pause")
    assert "ann (api): until resumed" in page.text("main")

    page.element(".timeline summary").click()

    page.wait_for('"paused": true')


def test_a_version_of_the_configuration_is_shown_with_what_has_changed(page: Page) -> None:
    page.open("#/configuration/3", shows="Put in force again")

    assert "<secret>" in page.text("main")
    assert "+  receiver: team-shop" in page.text(".diff")


def test_who_is_told_of_an_alert_is_explained(page: Page) -> None:
    page.open(shows="HighLatency")
    page.click("HighLatency")
    page.wait_for("Who is told?")
    page.click("Who is told?")

    page.wait_for("team-shop was told 5 minutes ago.")


def test_nothing_is_wider_than_a_phone(page: Page) -> None:
    silence(page, alertname="HighLatency" * 30, x="y" * 300)
    page.api.groups[0]["alerts"][0]["labels"]["long"] = "x" * 400
    page.size(360, 800)
    for place in VIEWS:
        page.go(place).unfold()
        width = page.driver.execute_script("return document.documentElement.scrollWidth")
        assert width == 360, place


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(page: Page, theme: str) -> None:
    page.theme(theme)
    for place in VIEWS:
        page.go(place).unfold()
        ratio, text = page.driver.execute_script(CONTRAST)
        assert ratio >= 4.5, f"{place}: {text}"


def test_dark_is_dark_and_light_is_light(page: Page) -> None:
    ground = "return getComputedStyle(document.body).backgroundColor"
    page.open(shows="HighLatency")
    assert page.driver.execute_script(ground) == "rgb(245, 246, 248)"

    page.theme("dark")

    assert page.driver.execute_script(ground) == "rgb(18, 22, 28)"


def test_markup_in_a_label_is_text_and_runs_nothing(page: Page) -> None:
    attack = "<img src=x onerror=\"document.title='owned'\">"
    hostile = alert("Hostile", severity="critical", label=attack)
    hostile["annotations"] = {"summary": attack, "description": "<script>document.title='owned'</script>"}
    hostile["annotations"]["runbook_url"] = hostile["generatorUrl"] = "javascript:document.title='owned'"
    page.api.groups = [group(9, attack, {"label": attack}, hostile)]
    page.open(shows=attack)

    page.element("summary").click()

    page.wait_for("<script>")
    assert page.driver.find_elements(By.CSS_SELECTOR, "main img, main script, a[href^=javascript]") == []
    assert page.driver.title == "(1) Tocsin"


def test_who_is_not_known_is_asked_for_a_token(page: Page) -> None:
    page.expected = ("401",)
    page.api.authorization = "Bearer s3cret-token"
    page.open(shows="a token is needed")

    field = page.element("#account input[type=password]")
    assert field == page.driver.switch_to.active_element
    field.send_keys("wrong", Keys.ENTER)
    page.until(lambda: page.element("#account").is_displayed())
    field.send_keys("s3cret-token", Keys.ENTER)

    page.wait_for("HighLatency")
    assert not page.element("#account").is_displayed()
    assert "s3cret" not in page.driver.current_url


def test_a_name_and_a_password_do_as_well(page: Page) -> None:
    page.expected = ("401",)
    page.api.authorization = "Basic " + b64encode("änn:pässword".encode()).decode()
    page.open(shows="a token is needed")
    user, password = page.driver.find_elements(By.CSS_SELECTOR, "#account input")

    user.send_keys("änn")
    password.send_keys("pässword", Keys.ENTER)

    page.wait_for("HighLatency")
    page.wait_for("ann", "#who")


def test_what_somebody_may_not_do_is_off_and_says_why(page: Page) -> None:
    silence(page, alertname="HighLatency")
    page.api.scopes = ["read"]
    page.open("#/silences", shows="Checkout deploys")

    button = page.element("article button")

    assert not button.is_enabled()
    assert button.get_attribute("title") == "needs the scope silences:write"


def test_a_refresh_keeps_focus_what_is_open_and_what_is_typed(page: Page) -> None:
    page.open(shows="HighLatency")
    page.click("HighErrorRate · api")
    page.wait_for("10.0.0.2")
    page.element("main input[name=filter]").send_keys("half a fil")
    page.api.groups.insert(0, group(8, "oncall", {"alertname": "New"}, alert("New", severity="critical")))

    page.refresh()

    page.wait_for("New")
    assert "10.0.0.2" in page.text("main")
    focused = page.driver.switch_to.active_element
    assert (focused.get_attribute("name"), focused.get_attribute("value")) == ("filter", "half a fil")


def test_the_page_asks_again_by_itself(page: Page) -> None:
    faster = "const real = setTimeout; window.setTimeout = (f, ms) => real(f, ms === 15000 ? 300 : ms)"
    command = "Page.addScriptToEvaluateOnNewDocument"
    script = page.driver.execute_cdp_cmd(command, {"source": faster})
    try:
        page.open(shows="HighLatency")
        page.api.groups = page.api.groups[:1]
        page.wait_until_gone("HighLatency")
    finally:
        page.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)

    assert page.text("#headline").startswith("1 group fires.")


def test_the_matchers_of_a_link_are_read_whatever_is_in_them(page: Page) -> None:
    text = r'{"näme with spaces"="a\"b\\c},{",team=~"a|b", x != ""}'
    page.open(f"#/silences/new?{urlencode({'filter': text})}", shows="Alerts with these labels")

    fields = [
        [part.get_attribute("value") for part in row.find_elements(By.CSS_SELECTOR, "input, select")]
        for row in page.driver.find_elements(By.CSS_SELECTOR, ".matcher")
    ]

    assert fields == [["näme with spaces", "=", 'a"b\\c},{'], ["team", "=~", "a|b"], ["x", "!=", ""]]


def test_an_api_that_does_not_answer_is_said_and_what_was_known_stays(page: Page) -> None:
    page.expected = ("503",)
    page.open(shows="HighLatency")

    page.api.down = True
    page.refresh()
    page.wait_for("try again", "#stale")
    assert "HighLatency" in page.text("main")
    page.api.down = False
    page.refresh()

    page.wait_until_gone("try again")


def test_ten_thousand_alerts_make_no_more_nodes_than_are_seen(page: Page) -> None:
    page.api.groups = [
        group(
            number,
            "oncall",
            {"alertname": f"Alert{number}"},
            *(alert(f"Alert{number}", severity="warning", instance=f"i-{n}") for n in range(50)),
        )
        for number in range(200)
    ]
    page.open(shows="Show 100 more of 100")

    nodes = page.driver.execute_script("return document.querySelectorAll('*').length")
    assert nodes < 3_000
    page.click("Alert0")

    page.wait_for("instance=i-49")


def test_a_receiver_shows_what_only_it_was_told(page: Page) -> None:
    told = notification(page.api.groups[0], detail="by the receiver")
    page.api.documents["/notifications"] = {"total": 1, "notifications": [told]}
    page.open("#/receivers", shows="oncall")
    page.click("oncall")

    page.wait_for("What oncall was told")
    assert "team-shop" not in page.text("main")
    assert any("receiver=oncall" in line for line in page.api.asked)


# -- on the API itself -------------------------------------------------------------------------------


class Wall(SetClock):
    """The time of this machine, which the browser has too."""

    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC)


@pytest.fixture
def real(page: Page, server: Served) -> Page:
    """The page on a stack in memory: an alert fires, and its receiver was told; nothing evaluates its rule."""
    began = datetime.now(UTC) - timedelta(minutes=5)
    tocsin = Alerting(config(), start=began)
    tocsin.post(fires("Down", ends=50_000, text="it is down", severity="critical"))
    tocsin.at(60)
    rules = "groups: [{name: api, rules: [{alert: Slow, expr: latency > 1}]}]"
    apply_rules(tocsin.database, [("shop.yml", rules)], began)
    server.api = RealApi(Api(database=tocsin.database, clock=Wall()).app)
    return page


def test_the_api_itself_answers_what_every_view_asks(real: Page) -> None:
    real.open(shows="1 firing")
    real.click("Down")
    real.wait_for("it is down")
    real.click("Timeline")
    real.wait_for("first notification")
    assert "team / webhook" in real.text(".timeline")
    for place, shown in (
        ("#/rules", "shop / api"),
        ("#/inputs", "No inputs."),
        ("#/receivers", "HTTP 200"),
        ("#/status", "Shard 1.0"),
        ("#/configuration/1", "group_wait"),
        ("#/history", "Config"),
        ('#/explain?labels={alertname="Down",severity="critical"}', "team"),
        ('#/alerts?receiver=team&filter={severity=~"crit.*"}', "1 firing"),
        ('#/alerts?filter={severity="none"}', "No alert matches the filter."),
    ):
        real.go(place, shown)
        assert not real.driver.find_elements(By.CSS_SELECTOR, ".problem"), place


def test_the_api_itself_takes_silences_and_pauses(real: Page) -> None:
    real.open(shows="1 firing")
    real.click("Down")
    real.wait_for("Who is told?")
    real.click("Silence")
    real.wait_for("It would mute 1 alert now.")
    real.fill("author", "ann")
    real.fill("comment", "Being worked on")
    real.click("Create")
    real.wait_for("It mutes 1 alert")
    real.click("Alerts", within="#views")
    real.wait_for("Silenced until")
    assert real.text("#headline").startswith("Nothing fires, 1 is muted.")

    real.click("Silences", within="#views")
    real.wait_for("Being worked on")
    real.click("Edit")
    real.wait_for("Edit the silence")
    real.fill("comment", "Nearly done")
    real.click("Save")
    real.wait_for("The silence is changed.")
    real.wait_for("Nearly done", "main")
    real.click("Expire")
    real.click("Expire", within="#confirm")
    real.wait_for("Create again")

    real.go("#/rules", "shop / api")
    real.click("shop / api")
    real.wait_for("Pause 2 h")
    real.click("Pause 2 h")
    real.wait_for("Resume")
    real.click("Resume")
    real.wait_for("Slow is resumed.")
