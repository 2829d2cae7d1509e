"""Text messages and pushes over an HTTP gateway, with the client that guards webhooks.

One POST a message: JSON with `id`, `to`, `text`, `title`, `language`, `template`, and the same id as `Idempotency-Key`,
by which the gateway knows a repeat. Any 2xx is a success.
"""

import asyncio
from collections.abc import Iterator, Sequence

import msgspec

from dispatch.notifications.channels.port import SENT, Message, Result
from tracker.webhooks.client import Answer, Client

SIDE_BY_SIDE = 16
TIMEOUT_S = 15.0
# what a repeat may mend: time outs, too many, conflicts with a try under way; and a wrong token, which is not its fault
WORTH_ANOTHER_TRY = frozenset({401, 403, 407, 408, 409, 423, 425, 429})


class GatewayChannel:
    """Talks to one gateway."""

    def __init__(self, url: str, token: str, *, allow_private: bool) -> None:
        self._url, self._token, self._allow_private = url, token, allow_private

    def send(self, messages: Sequence[Message]) -> Iterator[Result]:
        """Post them, some side by side; the next ones once the caller has taken the results of these."""
        for begin in range(0, len(messages), SIDE_BY_SIDE):
            yield from asyncio.run(self._send_some(messages[begin : begin + SIDE_BY_SIDE]))

    async def _send_some(self, messages: Sequence[Message]) -> list[Result]:
        async with Client(allow_private=self._allow_private, timeout_s=TIMEOUT_S) as client:

            async def send(message: Message) -> Result:
                return _result(await client.post(self._url, self._headers(message), body_of(message)))

            return list(await asyncio.gather(*(send(message) for message in messages)))

    def _headers(self, message: Message) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.id}
        return headers | ({"Authorization": f"Bearer {self._token}"} if self._token else {})


def body_of(message: Message) -> bytes:
    """What the gateway gets."""
    return msgspec.json.encode(
        {
            "id": message.id,
            "to": message.address,
            "text": message.short,
            "title": message.subject,
            "language": message.language,
            "template": message.template,
        }
    )


def _result(answer: Answer) -> Result:
    if answer.ok:
        return SENT
    status = answer.status
    final = status is not None and 400 <= status < 500 and status not in WORTH_ANOTHER_TRY
    return Result(False, f"the gateway: {answer.summary}"[:300], final=final)
