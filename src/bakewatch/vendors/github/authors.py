"""Who wrote something: we, or somebody else who writes as we do?"""

from bakewatch.errors import ForgeError
from bakewatch.vendors.github.rest import Rest
from bakewatch.vendors.github.wire import Account


class Authors:
    """Knows the account of the token, and asks for it once."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._login: str | None = None

    def wrote(self, account: Account | None) -> bool:
        """Is *account* ours? The token of an App cannot ask who it is: then every App counts, but no person."""
        if account is None:
            return False
        if self._login is None:
            self._login = self._ask()
        return account.login == self._login if self._login else account.is_bot

    def _ask(self) -> str:
        try:
            return self._rest.account(Account).login
        except ForgeError as error:
            if error.code in ("forbidden", "not_found"):
                return ""
            raise
