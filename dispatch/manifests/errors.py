"""What can go wrong with manifests; each message can be shown to the person or program that asked."""


class ManifestRefusal(Exception):
    """A refusal; its text is a sentence, `code` is stable."""

    code = "manifest_refused"


class NoSuchManifest(ManifestRefusal):
    code = "not_found"

    def __init__(self) -> None:
        super().__init__("There is no such manifest in this environment.")


class NoSuchStop(ManifestRefusal):
    code = "not_found"

    def __init__(self) -> None:
        super().__init__("There is no such stop in this environment.")


class NotInForce(ManifestRefusal):
    """Asked of a manifest that was never released, or is over."""

    code = "manifest_not_in_force"

    def __init__(self, public_id: str, state: str) -> None:
        super().__init__(f"{public_id} is {state}: only a manifest that is in force can take this.")


class UnknownVersion(ManifestRefusal):
    code = "unknown_version"

    def __init__(self, public_id: str, version: int, newest: int) -> None:
        super().__init__(f"{public_id} has no version {version}; its newest is {newest}.")
        self.newest = newest


class StopIsOver(ManifestRefusal):
    code = "stop_is_over"

    def __init__(self, public_id: str, state: str) -> None:
        super().__init__(f"{public_id} is {state} already.")
