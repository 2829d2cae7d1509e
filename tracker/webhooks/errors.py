"""Why something asked of webhooks cannot be done."""


class WebhookProblem(Exception):
    """A refusal with a stable `code`, the parameter it is about (or empty), and a sentence for a person."""

    def __init__(self, code: str, detail: str, *, param: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.param = param
