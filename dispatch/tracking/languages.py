"""The languages in which customers are spoken to, and which of them somebody gets. Pure."""

LANGUAGES = {"en": "English", "hi": "हिन्दी", "mr": "मराठी"}
DEFAULT = "en"


def language_for(*wishes: str) -> str:
    """The first of the wishes that is spoken here: BCP 47 tags, or whole Accept-Language headers."""
    for wish in wishes:
        for tag in _by_weight(wish):
            language = tag.partition("-")[0].lower()
            if language in LANGUAGES:
                return language
    return DEFAULT


def _by_weight(header: str) -> list[str]:
    weighted = []
    for place, part in enumerate(header[:500].replace("_", "-").split(",")):
        tag, _, rest = part.strip().partition(";")
        weighted.append((-_weight(rest), place, tag.strip()))
    return [tag for weight, _, tag in sorted(weighted) if tag and weight < 0]


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0
