"""What we want of a payment provider, in our own words: facts, refusals, and the calls. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol


class PaymentsError(Exception):
    """Anything the provider would not do. The text is for people and holds no secret."""


class Retriable(PaymentsError):
    """Busy, away or unclear: the same call may succeed later. `after_s` where the provider said when."""

    def __init__(self, reason: str, *, after_s: int | None = None) -> None:
        super().__init__(reason)
        self.after_s = after_s


class Final(PaymentsError):
    """Refused for what it says: asking again changes nothing."""

    def __init__(self, reason: str, *, code: str = "") -> None:
        super().__init__(reason)
        self.code = code


class AlreadyTaken(Final):
    """The meter event with this identifier is there already: what was to be achieved is achieved."""


class NotThere(Final):
    """The provider knows no object of that id."""


class BadSignature(PaymentsError):
    """A webhook that nobody proved to be the provider's, or an old one sent again."""


class NotConfigured(PaymentsError):
    """This installation has no payment provider."""


@dataclass(frozen=True)
class Tier:
    """A step of a price: up to this many units (None: without end), minor units for each and once."""

    up_to: int | None
    unit: Decimal
    flat: Decimal = Decimal(0)


@dataclass(frozen=True)
class PriceOrder:
    """A price as the provider shall have it. `key` names it for ever: another content, another key."""

    key: str
    plan: str
    label: str
    currency: str
    meter: str | None  # None: a flat amount each month
    mode: str  # graduated or volume
    tiers: tuple[Tier, ...]


@dataclass(frozen=True)
class SubscriptionFacts:
    """A subscription as the provider has it now."""

    id: str
    customer: str
    status: str
    started_at: datetime
    price_keys: frozenset[str]

    @property
    def is_running(self) -> bool:
        """Whether use is still billed by it."""
        return self.status in {"active", "past_due", "trialing", "unpaid"}


@dataclass(frozen=True)
class InvoiceFacts:
    """An invoice as the provider has it now."""

    id: str
    customer: str
    status: str
    currency: str
    total_minor: int  # without tax, as ours are
    owed_minor: int
    paid_minor: int
    period_start: datetime
    period_end: datetime
    finalized_at: datetime | None
    paid_at: datetime | None
    attempts: int
    page: str


@dataclass(frozen=True)
class MeterFault:
    """One kind of error among meter events, with some of the identifiers it struck."""

    code: str
    count: int
    identifiers: tuple[str, ...]


@dataclass(frozen=True)
class News:
    """A webhook that proved to be the provider's."""

    id: str
    kind: str
    customer: str
    created_at: datetime


class Payments(Protocol):
    """The calls. All raise PaymentsError and nothing else; `key` makes a repeat harmless for a day."""

    def make_customer(self, *, name: str, email: str, reference: str, key: str) -> str: ...

    def meter(self, code: str, label: str) -> str:
        """The id of the meter whose latest event of an hour stands alone; made where it is missing."""

    def price(self, order: PriceOrder, *, meter_id: str | None) -> str:
        """The id of this price; made where it is missing."""

    def checkout(
        self,
        *,
        customer: str,
        prices: Sequence[tuple[str, bool]],
        anchor: datetime,
        success: str,
        cancel: str,
        reference: str,
        taxes: bool,
        key: str,
    ) -> str:
        """The address of a page where the customer subscribes; of each price, whether it is metered."""

    def portal(self, *, customer: str, back: str) -> str: ...

    def subscriptions(self, customer: str) -> list[SubscriptionFacts]: ...

    def reprice(self, subscription: str, prices: Sequence[tuple[str, bool]], *, key: str) -> None:
        """Let the subscription have these prices and no others."""

    def invoices(self, customer: str) -> list[InvoiceFacts]:
        """The latest hundred, newest first."""

    def preview(self, subscription: str) -> InvoiceFacts: ...

    def tell_use(self, *, meter: str, customer: str, quantity: int, at: datetime, identifier: str) -> None:
        """The total of the hour `at` begins; raises AlreadyTaken for an identifier of the last 24 hours."""

    def use_told(
        self, *, meter_id: str, customer: str, first: datetime, last: datetime, by_hour: bool
    ) -> dict[datetime, int]:
        """What the provider counted, by the beginning of the hour or UTC day; what is nought may be missing."""

    def read_news(self, body: bytes, signature: str) -> News: ...

    def read_thin_news(self, body: bytes, signature: str) -> News: ...

    def meter_faults(self, event: str) -> list[MeterFault]: ...
