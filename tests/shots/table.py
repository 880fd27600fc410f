"""The table of shots: every screen, its states, who looks, and how one gets there."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.shots.states import States

Address = Callable[[States], str]
Act = Callable[[Page], None]


@dataclass(frozen=True)
class Shot:
    """One screen in one state. `view` is the name of its address; `person` one of States.people, ""
    for a stranger; `act` what is done there before one looks.
    """

    screen: str
    state: str
    view: str
    address: Address
    person: str = "admin"
    act: Act | None = None

    @property
    def name(self) -> str:
        return f"{self.screen}-{self.state}".replace(" ", "-")


def _at(address: str) -> Address:
    return lambda states: address


def _take(name: str) -> Address:
    return lambda states: f"/takes/{states.take(name)}"


def _tree(name: str) -> Address:
    return lambda states: f"/takes/{states.take(name)}/lineage/"


def _branch(name: str) -> Address:
    return lambda states: f"/takes/{states.take(name)}/branch"


def _clip(query: str = "") -> Address:
    return lambda states: f"/studio/?source={states.clip.pk}{query}"


def _ladder(states: States) -> str:
    takes = ",".join(str(states.take(f"ladder-{place}")) for place in range(4))
    return f"/compare/?takes={takes}"


def _person(what: str) -> Address:
    return lambda states: f"/people/{states.people['creator'].pk}/{what}"


def _type(page: Page, prompt: str) -> None:
    """Ask for something in the studio, and wait for what is said of it."""
    with page.expect_response("**/studio/check"):
        page.locator("textarea[name=prompt]").fill(prompt)
    page.wait_for_timeout(300)


def _asked(page: Page) -> None:
    _type(page, "Rainy neon evening, wet asphalt")


def _broken(page: Page) -> None:
    _type(page, "Rainy neon evening, wet asphalt. " * 300)


def _tab(tone: str) -> Act:
    """Return what brings the newest take of a tone onto the studio's stage."""

    def show(page: Page) -> None:
        page.locator(f"#takes .tab-{tone}").last.click()
        page.wait_for_timeout(300)

    return show


def _come_in(page: Page) -> None:
    """Come in by a link, as a guest, where that window has not yet."""
    if not page.get_by_label("Your name").count():
        return
    page.get_by_label("Your name").fill("Gina Client")
    page.get_by_role("button", name="Show it").click()
    page.wait_for_timeout(500)


def _link(name: str) -> Address:
    return lambda states: states.links[name]


def _more(page: Page) -> None:
    page.locator(".takepage-more > summary").click()


def _hand_on(page: Page) -> None:
    _more(page)
    page.get_by_text("Hand on", exact=True).click()


SHOTS = (
    Shot("studio", "empty", "studio:page", _at("/studio/"), person="newcomer"),
    Shot("studio", "clip chosen", "studio:page", _clip()),
    Shot("studio", "prompt typed", "studio:page", _clip(), act=_asked),
    Shot("studio", "rule broken", "studio:page", _clip(), act=_broken),
    Shot("studio", "over budget", "studio:page", _at("/studio/"), person="poor", act=_asked),
    Shot("studio", "generate", "studio:page", _at("/studio/?task=generate")),
    Shot("studio", "reframe", "studio:page", _clip("&task=reframe")),
    Shot("studio", "modify", "studio:page", _clip("&task=modify")),
    Shot(
        "studio",
        "take to work on",
        "studio:page",
        lambda s: f"/studio/?generation={s.take('done')}",
    ),
    Shot("studio", "take on the stage", "studio:page", _clip(), act=_tab("done")),
    Shot("studio", "take running", "studio:page", _clip(), act=_tab("live")),
    Shot("studio", "take failed", "studio:page", _clip(), act=_tab("bad")),
    Shot("studio", "as reviewer", "studio:page", _clip(), person="reviewer"),
    Shot("gallery", "many", "gallery:page", _at("/gallery/")),
    Shot("gallery", "empty", "gallery:page", _at("/gallery/"), person="newcomer"),
    Shot("gallery", "nothing found", "gallery:page", _at("/gallery/?q=zebra")),
    Shot("gallery", "needs a person", "gallery:page", _at("/gallery/?state=attention")),
    Shot("gallery", "filtered", "gallery:page", _at("/gallery/?state=done&task=edit&sort=dearest")),
    Shot("saved views", "none yet", "gallery:views", _at("/gallery/views/")),
    Shot("gallery", "batch open", "gallery:page", lambda s: f"/gallery/?batch={s.batch}"),
    Shot("trash", "empty", "trash:page", _at("/gallery/trash/")),
    Shot(
        "trash",
        "asked before",
        "trash:confirm",
        lambda s: f"/gallery/trash/confirm?takes={s.take('done')}",
    ),
    Shot("tags", "none", "tags:page", _at("/gallery/tags/")),
    Shot("sources", "many", "gallery:sources", _at("/gallery/sources")),
    Shot("queue", "busy", "queue:page", _at("/queue/")),
    Shot("queue", "empty", "queue:page", _at("/queue/"), person="newcomer"),
    Shot("queue", "as reviewer", "queue:page", _at("/queue/"), person="reviewer"),
    Shot("take", "done", "takes:page", _take("done")),
    Shot("take", "more", "takes:page", _take("done"), act=_more),
    Shot("take", "handing on", "takes:page", _take("done"), act=_hand_on),
    Shot("take", "made of a take", "takes:page", _take("chain")),
    Shot("take", "one of a batch", "takes:page", _take("ladder-1")),
    Shot("take", "changes asked", "takes:page", _take("changes")),
    Shot("take", "running", "takes:page", _take("running")),
    Shot("take", "queued", "takes:page", _take("queued-0")),
    Shot("take", "failed", "takes:page", _take("failed")),
    Shot("take", "outcome unknown", "takes:page", _take("unknown")),
    Shot("lineage", "of a chain", "takes:lineage", lambda s: f"/takes/{s.take('chain')}/lineage/"),
    Shot("lineage", "quote", "takes:branch", lambda s: f"/takes/{s.take('chain')}/branch"),
    Shot("take", "as reviewer", "takes:page", _take("done"), person="reviewer"),
    Shot("comments", "alone", "comments:panel", lambda s: f"/comments/take/{s.take('done')}"),
    Shot("review", "in a round", "review:take", lambda s: f"/review/{s.take('chain')}"),
    Shot("review", "nothing waits", "review:page", _at("/review/"), person="newcomer"),
    Shot("playlists", "some", "review:playlists", _at("/review/playlists/")),
    Shot("playlists", "none", "review:playlists", _at("/review/playlists/"), person="newcomer"),
    Shot("playlists", "one", "review:playlist", lambda s: f"/review/playlists/{s.playlist}/"),
    Shot(
        "playlists",
        "playing",
        "review:play",
        lambda s: f"/review/playlists/{s.playlist}/play/{s.take('second')}",
    ),
    Shot("compare", "a ladder", "compare:page", _ladder),
    Shot("compare", "nothing named", "compare:page", _at("/compare/")),
    Shot("unknown", "one", "settle:page", _at("/unknown/")),
    Shot("unknown", "none", "settle:page", _at("/unknown/"), person="newcomer"),
    Shot("projects", "boards", "projects:page", _at("/projects/")),
    Shot("projects", "none", "projects:page", _at("/projects/"), person="newcomer"),
    Shot("projects", "one", "projects:edit", lambda s: f"/projects/{s.project}/"),
    Shot("shares", "all", "shares:page", _at("/shares/")),
    Shot("shares", "none", "shares:page", _at("/shares/"), person="newcomer"),
    Shot("shares", "one", "shares:one", lambda s: f"/shares/{s.share}"),
    Shot("shares", "new", "shares:new", lambda s: f"/shares/new?takes={s.take('done')}"),
    Shot("guest", "door", "guests:page", _link("take"), person=""),
    Shot("guest", "take", "guests:page", _link("take"), person="", act=_come_in),
    Shot("guest", "compare", "guests:page", _link("compare"), person="", act=_come_in),
    Shot("guest", "closed", "guests:page", _at("/s/nobody/"), person=""),
    Shot("audit", "a team's", "audit:page", _at("/audit/")),
    Shot("audit", "nothing", "audit:page", _at("/audit/"), person="newcomer"),
    Shot("inbox", "many", "inbox:page", _at("/inbox/"), person="creator"),
    Shot("inbox", "nothing", "inbox:page", _at("/inbox/"), person="newcomer"),
    Shot("inbox", "settings", "inbox:settings", _at("/inbox/settings/")),
    Shot("inbox", "webhooks", "inbox:webhooks", _at("/inbox/webhooks/")),
    Shot("inbox", "no webhooks", "inbox:webhooks", _at("/inbox/webhooks/"), person="newcomer"),
    Shot("inbox", "one webhook", "inbox:webhook", lambda s: f"/inbox/webhooks/{s.webhook}/"),
    Shot(
        "studio",
        "answers a note",
        "studio:page",
        lambda s: f"/studio/?generation={s.take('changes')}&answers={s.note}",
        person="creator",
    ),
    Shot("take", "answers a note", "takes:page", _take("answer"), person="reviewer"),
    Shot("costs", "a month", "costs:page", _at("/costs/")),
    Shot("costs", "nothing spent", "costs:page", _at("/costs/"), person="newcomer"),
    Shot("people", "a team", "people:page", _at("/people/")),
    Shot("people", "disabling one", "people:disable", _person("disable")),
    Shot("people", "handing takes over", "people:takes", _person("takes")),
    Shot("own account", "own", "people:me", _at("/me")),
    Shot("own account", "second factor", "people:second_factor", _at("/me/second-factor")),
    Shot("own account", "passkeys", "people:passkeys", _at("/me/passkeys")),
    Shot("accounts", "all", "accounts:page", _at("/accounts/")),
    Shot("accounts", "new", "accounts:add", _at("/accounts/new/luma-agents")),
    Shot("status", "one alert", "status:page", _at("/status/")),
    Shot("models", "all", "models:page", _at("/models/")),
    Shot("sign in", "first", "people:sign_in", _at("/sign-in"), person=""),
    Shot("sign in", "link used", "people:link", _at("/in/nobody"), person=""),
    Shot("invitation", "open", "people:invite", lambda s: f"/invite/{s.invite}", person=""),
    Shot("invitation", "used", "people:invite", _at("/invite/nobody"), person=""),
    Shot("error", "not found", "gallery:page", _at("/nowhere")),
    Shot("error", "not allowed", "people:page", _at("/people/"), person="reviewer"),
)

# Addresses that answer a GET and are no screen of their own: why.
NO_SCREEN = {
    "None": "leads to the studio",
    "people:sign_out_elsewhere": "leads on",
    "people:oidc": "only where a sign-on service is set",
    "people:oidc_go": "leads on to the sign-on service",
    "people:oidc_back": "leads on",
    "people:oidc_join": "only where a sign-on service is set",
    "inbox:open": "leads on to what a notice is about",
    "studio:note_drawn": "a picture",
    "media:file": "a file",
    "media:still": "a picture",
    "media:times": "numbers for scripts",
    "media:upload": "how far an upload has come, for scripts",
    "studio:viewer": "a part of the studio",
    "studio:takes": "a part of the studio",
    "studio:generated": "a part of the studio",
    "gallery:counts": "numbers beside the filters",
    "gallery:live": "what has changed in the gallery",
    "gallery:batch": "a card of the gallery",
    "takes:live": "what has changed on a take's page",
    "studio:prompts": "a part of the studio",
    "studio:recipes": "a part of the studio",
    "studio:versions": "a part of the studio",
    "takes:change": "numbers for scripts",
    "takes:panel": "a part of the studio",
    "comments:people": "names for scripts",
    "shell:news": "what the shell tells of, for scripts",
    "queue:cancel_batch": "a button of the queue",
    "takes:price": "a part of a take's page",
    "takes:finishes": "a part of a take's page",
    "takes:runs": "a part of a lineage's page",
    "takes:with_sound": "a file",
    "takes:video": "a file",
    "review:play_through": "leads on to the first take",
    "review:verdicts": "a part of a take's page",
    "exports:of_take": "a file",
    "guests:now": "what has changed on a guest's page",
    "guests:take": "a guest's page of one take of several",
    "guests:talk": "a part of a guest's page",
    "guests:file": "a file",
    "guests:still": "a picture",
    "guests:video": "a file",
    "accounts:one": "a card of the accounts",
    "accounts:edit": "the same form as a new account's; simulated ones have none",
    "verifying:page": "a real account's, which is asked for real money",
    "verifying:report": "a file",
    "costs:csv": "a file",
    "audit:csv": "a file",
    "people:code": "one field, between the password and the page that was asked for",
}
