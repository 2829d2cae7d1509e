"""Amounts as people type and read them: whole minor units inside. Pure."""

from decimal import Decimal, InvalidOperation

from billing.guard.errors import GuardRefused

PLACES = {"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "ISK": 0, "KWD": 3, "BHD": 3, "TND": 3, "JOD": 3, "OMR": 3}
MOST_MINOR = 10**13


def minor_of(text: str, currency: str) -> int:
    """`1234.50` in minor units. Raises GuardRefused with what is wrong."""
    places = PLACES.get(currency, 2)
    try:
        amount = Decimal(text.strip().replace(" ", "").replace("\u202f", ""))
    except InvalidOperation:
        raise GuardRefused("amount", "That is no amount: write it with a point, like 250 or 99.50.") from None
    if not amount.is_finite() or amount <= 0:
        raise GuardRefused("amount", "A budget is more than nothing. To spend nothing, cap a meter at 0.")
    if amount.as_tuple().exponent < -places:  # type: ignore[operator]  # finite, so it is a number
        said = f"{places} digits behind the point" if places else "no digits behind the point"
        raise GuardRefused("amount", f"{currency} has {said} at most.")
    minor = int(amount.scaleb(places))
    if minor > MOST_MINOR:
        raise GuardRefused("amount", "That is more than any month costs: check the amount.")
    return minor


def shown(minor: int, currency: str) -> str:
    """`1,234.50 EUR`."""
    places = PLACES.get(currency, 2)
    return f"{Decimal(minor).scaleb(-places):,.{places}f} {currency}"


def major_of(minor: int, currency: str) -> str:
    """As it stands in the form's field."""
    places = PLACES.get(currency, 2)
    return f"{Decimal(minor).scaleb(-places):.{places}f}"
