"""What can go wrong with tenants and members; each message can be shown to the person who asked."""


class TenantError(Exception):
    """A refusal; its text is a sentence for the person who asked."""


class AlreadyAMember(TenantError):
    def __init__(self, email: str) -> None:
        super().__init__(f"{email} is a member already.")


class NotAllowed(TenantError):
    pass


class NameTaken(TenantError):
    def __init__(self, name: str) -> None:
        super().__init__(f"There is an environment called {name} already.")


class LastOwner(TenantError):
    def __init__(self) -> None:
        super().__init__("This is the last owner: make somebody else an owner first.")


class InvitationExpired(TenantError):
    def __init__(self) -> None:
        super().__init__(
            "This invitation was used, has expired, or was sent to another address. Ask for a new one."
        )
