"""Who runs what: services get an unprivileged account when we are root, the invoking user otherwise."""

import os
import pwd
import shutil
from collections.abc import Sequence
from pathlib import Path

from box.say import Refusal


def am_root() -> bool:
    """Whether this command was started by root."""
    return os.geteuid() == 0


def service_account(*wanted: str) -> str | None:
    """The first of these accounts that exists, when we are root; None means: run as the invoking user."""
    if not am_root():
        return None
    for name in wanted:
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise Refusal(
        f"none of the accounts {', '.join(wanted)} exists on this machine",
        next_step="install the Debian package that makes it: bin/milepost setup",
    )


def account_name(account: str | None) -> str:
    """The account's name, ours where it is None."""
    return account or pwd.getpwuid(os.geteuid()).pw_name


def as_account(account: str | None, argv: Sequence[str]) -> list[str]:
    """The command line that runs `argv` as that account."""
    if account is None:
        return list(argv)
    return ["setpriv", "--reuid", account, "--regid", account, "--init-groups", "--", *argv]


def own_folder(folder: Path, account: str | None, mode: int) -> Path:
    """Make the folder if it is missing, and give it to the account."""
    folder.mkdir(parents=True, exist_ok=True)
    if account is not None:
        shutil.chown(folder, account, pwd.getpwnam(account).pw_gid)
    folder.chmod(mode)
    return folder


def give_file(path: Path, account: str | None, mode: int) -> None:
    """Hand a file we wrote to the account that reads it."""
    if account is not None:
        shutil.chown(path, account, pwd.getpwnam(account).pw_gid)
    path.chmod(mode)


def strangers_may_enter(folder: Path) -> bool:
    """Whether an account that is neither owner nor in the group can walk down to this folder."""
    walk = folder.resolve()
    return all(p.stat().st_mode & 0o001 for p in (walk, *walk.parents) if p.exists())
