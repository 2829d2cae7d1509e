"""The customer's own list of places, asked for many addresses with two queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from dispatch.intake.geocoding.answers import Answer, Wanted
from dispatch.intake.geocoding.folding import names_in
from dispatch.intake.geocoding.matching import KnownPlace, Question, best, question_of
from dispatch.intake.models import GazetteerPlace

MOST_NAMES = 40_000  # looked for with one query
MOST_A_CODE = (
    400  # places of one postcode that are compared; in towns with every address listed there are more
)


class Gazetteer:
    """The list of one environment. Needs its scope."""

    def __init__(self, environment_id: int) -> None:
        self._environment_id = environment_id

    def is_empty(self) -> bool:
        """Whether no place was ever loaded."""
        return not GazetteerPlace.objects.for_environment(self._environment_id).exists()

    def find_all(self, wanted: Sequence[Wanted]) -> list[Answer | None]:
        """The best place of each address, None where the list holds nothing like it."""
        questions = [question_of(one) for one in wanted]
        by_code = self._of_postcodes({code for one in questions for code in one.postcodes})
        by_name = self._of_names(questions)
        return [best(one, _candidates(one, by_code, by_name)) for one in questions]

    def _of_postcodes(self, codes: Collection[str]) -> dict[str, list[KnownPlace]]:
        found: dict[str, list[KnownPlace]] = defaultdict(list)
        if codes:
            rows = GazetteerPlace.objects.for_environment(self._environment_id).filter(postcode__in=codes)
            for place in rows.iterator(chunk_size=5_000):
                if len(found[place.postcode]) < MOST_A_CODE:
                    found[place.postcode].append(_known(place))
        return found

    def _of_names(self, questions: Iterable[Question]) -> dict[str, list[KnownPlace]]:
        names = {name for one in questions for name in names_in(one.words)}
        found: dict[str, list[KnownPlace]] = defaultdict(list)
        listed = sorted(names)
        for start in range(0, len(listed), MOST_NAMES):
            rows = GazetteerPlace.objects.for_environment(self._environment_id)
            for place in rows.filter(folded__in=listed[start : start + MOST_NAMES]).iterator(
                chunk_size=5_000
            ):
                found[place.folded].append(_known(place))
        return found


def _candidates(
    question: Question, by_code: dict[str, list[KnownPlace]], by_name: dict[str, list[KnownPlace]]
) -> list[KnownPlace]:
    named = [place for name in names_in(question.words) for place in by_name.get(name, ())]
    coded = [place for code in question.postcodes for place in by_code.get(code, ())]
    return named + coded


def _known(place: GazetteerPlace) -> KnownPlace:
    return KnownPlace(
        name=place.name,
        words=tuple(place.folded.split()),
        postcode=place.postcode,
        locality=tuple(place.locality.split()),
        longitude=place.longitude,
        latitude=place.latitude,
        precision=place.precision,
    )
