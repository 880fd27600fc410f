"""A small ledger with a line of every kind, and what each line is, told without asking the code
that sorts them.

Every amount is another power of two of micro-dollars, so that no two selections of charges have the
same sum.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from editorapp.costs import ledger
from editorapp.costs.ledger import Charge
from editorapp.costs.models import Entry
from editorapp.generations.ledger_lines import subject
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.states import State
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.factories import make_attempt, make_generation, make_member

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOVEMBER_BEGINS = datetime(2026, 11, 1, tzinfo=UTC)
OCTOBER_ENDS = NOVEMBER_BEGINS - timedelta(microseconds=1)
OCTOBER = datetime(2026, 10, 9, 8, tzinfo=UTC)
RAY = {"provider": "luma-agents", "model": "ray-3.2", "task": "edit"}
RAY_ELSEWHERE = {"provider": "gmi-cloud", "model": "ray-3.2", "task": "edit"}
PAID = "Paid"  # the account with real money
REFRAME = {"provider": "gmi-cloud", "model": "reframe-video", "task": "reframe"}


@dataclass
class Books:
    """A team, its people, and of each of its attempts through which account it went and whether it
    brought nothing.
    """

    admin: Member
    creator: Member
    others: Member  # the admin of another team
    fruitless: set[int] = field(default_factory=set)
    accounts: dict[int, int] = field(default_factory=dict)
    takes: list[Generation] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    closed: set[int] = field(default_factory=set)
    months: dict[int, str] = field(default_factory=dict)
    power: int = 10

    def amount(self) -> Decimal:
        self.power += 1
        return Decimal(2**self.power) / 1_000_000

    def take(
        self, member: Member, state: str, account: ProviderAccount, kind: dict[str, str], **how: Any
    ) -> Attempt:
        """Book a new take with one attempt."""
        generation = make_generation(member, state=state, account=account, **kind)
        self.takes.append(generation)
        return self._book(generation.attempts.get(), **how)

    def retry(self, first: Attempt, state: str, **how: Any) -> Attempt:
        """Book the next attempt of a take, which speaks for it from now on."""
        generation = first.generation
        Generation.objects.filter(pk=generation.pk).update(
            state=state, attempt_number=first.number + 1
        )
        again = make_attempt(generation, number=first.number + 1, state=state, created_at=NOW)
        return self._book(again, **how)

    def _book(
        self,
        attempt: Attempt,
        *,
        at: datetime = NOW,
        end: str = "charge",
        charged_at: datetime | None = None,
        beyond: bool = False,
        is_estimated: bool = True,
    ) -> Attempt:
        smaller, larger = self.amount(), self.amount()
        reserved, charged = (smaller, larger) if beyond else (larger, smaller)
        ledger.reserve(subject(attempt), reserved, now=at)
        if end == "charge":
            ledger.charge(
                [Charge(attempt.pk, charged, is_estimated=is_estimated)], now=charged_at or at
            )[0]
        elif end == "release":
            ledger.release(attempt.pk, now=charged_at or at)
        self.accounts[attempt.pk] = attempt.account_id
        if attempt.state in {"failed", "canceled", "lost", "fetch_failed"}:
            self.fruitless.add(attempt.pk)
        return attempt

    def expected(self, query: dict[str, str], member: Member) -> set[int]:
        """Return the ids of the lines that an address stands for, by plain Python over all lines
        there are.
        """
        self.rows = self.rows or list(Entry.objects.values())
        # A line is of the month in which its money was reserved, whenever it was charged.
        self.months = self.months or {
            one["attempt_id"]: f"{one['at']:%Y-%m}" for one in self.rows if one["kind"] == "reserve"
        }
        self.closed = self.closed or {
            one["attempt_id"] for one in self.rows if one["kind"] in {"charge", "release"}
        }
        return {row["id"] for row in self.rows if self._is_meant(row, query, member)}

    def _is_meant(self, row: dict[str, Any], query: dict[str, str], member: Member) -> bool:
        is_theirs = member.role == Role.ADMIN or row["person_id"] == member.user_id
        has = {
            "month": self.months[row["attempt_id"]],
            "is_simulated": "1" if row["is_simulated"] else "0",
            "person_id": str(row["person_id"]),
            "provider": row["provider"],
            "model": row["model"],
            "task": row["task"],
            "generation_id": str(row["generation_id"]),
            "account_id": str(self.accounts.get(row["attempt_id"])),
        }
        narrowed = {
            name: value for name, value in query.items() if name != "shows" and value != "all"
        }
        is_narrowed = all(has[name] == value for name, value in narrowed.items())
        return (
            row["team_id"] == member.team_id
            and is_theirs
            and is_narrowed
            and self._is_of(row, query.get("shows"))
        )

    def _is_of(self, row: dict[str, Any], shows: str | None) -> bool:
        kind, attempt = row["kind"], row["attempt_id"]
        is_spent, is_held = (
            kind in {"charge", "adjust"},
            kind == "reserve" and attempt not in self.closed,
        )
        return {
            None: True,
            "spent": is_spent,
            "charges": kind == "charge",
            "held": is_held,
            "released": kind == "release",
            "failures": is_spent and attempt in self.fruitless,
            "used": is_spent or is_held,
        }[shows]


def seed() -> Books:
    """Make the books: two months, both kinds of money, two people, every way in which an attempt's
    money ends.
    """
    ada = make_member(role=Role.ADMIN, name="Ada")
    books = Books(
        ada, make_member(team=ada.team, name="Cleo"), make_member(role=Role.ADMIN, name="Oda")
    )
    cleo = books.creator
    ProviderAccount.objects.all().delete()
    luma, spare, gmi, real = (
        ProviderAccount.objects.create(provider=provider, name=name, is_simulated=is_simulated)
        for provider, name, is_simulated in (
            ("luma-agents", "Luma", True),
            ("luma-agents", "Spare", True),
            ("gmi-cloud", "GMI", True),
            ("luma-agents", PAID, False),
        )
    )
    books.take(ada, State.SUCCEEDED, spare, RAY, is_estimated=False)
    books.take(cleo, State.SUCCEEDED, luma, RAY, beyond=True)
    books.take(cleo, State.CANCELED, luma, RAY, end="release")
    books.take(ada, State.RUNNING, gmi, REFRAME, end="hold")
    books.take(cleo, State.UNKNOWN, luma, RAY, end="hold")
    books.take(cleo, State.LOST, gmi, RAY_ELSEWHERE, end="hold")
    books.take(cleo, State.LOST, luma, RAY)  # it was done once, and charged then
    books.take(ada, State.FETCH_FAILED, gmi, RAY_ELSEWHERE)
    books.take(cleo, State.FETCHING, gmi, REFRAME)  # charged, and not over
    books.retry(
        books.take(cleo, State.FAILED, luma, RAY), State.SUCCEEDED
    )  # paid in vain, then done
    books.retry(
        books.take(ada, State.FAILED, spare, RAY, at=OCTOBER), State.SUCCEEDED
    )  # in the next month
    books.retry(books.take(cleo, State.FAILED, luma, RAY, end="release"), State.RUNNING, end="hold")
    corrected = books.take(cleo, State.SUCCEEDED, gmi, REFRAME)
    ledger.adjust(corrected.pk, -books.amount(), now=NOW, note="Cost corrected to $0.12")
    refunded = books.take(ada, State.FAILED, luma, RAY)
    ledger.adjust(refunded.pk, -books.amount(), now=NOW, note="Refunded")
    ledger.remark(refunded.pk, "Ada looked: $1.08 is right", now=NOW)
    books.take(cleo, State.SUCCEEDED, luma, RAY, at=OCTOBER_ENDS, charged_at=NOVEMBER_BEGINS)
    books.take(cleo, State.SUCCEEDED, luma, RAY, at=NOVEMBER_BEGINS)
    books.take(ada, State.FAILED, luma, RAY, at=OCTOBER_ENDS, end="hold")
    books.take(ada, State.SUCCEEDED, real, RAY)
    books.take(ada, State.FAILED, real, RAY)
    books.take(ada, State.RUNNING, real, RAY, end="hold")
    books.take(books.others, State.SUCCEEDED, luma, RAY)
    return books
