"""An agent before the desk of the real service, without a browser."""

from typing import Self

from httpx import Client, Response

from tests.service import Service
from tests.triage.house import hidden

NEW_PASSWORD = "三天没到账的人有三个"


class DeskBrowser:
    """The administrator, logged in for the first time; close it at the end."""

    def __init__(self, service: Service) -> None:
        self.client = Client(base_url=service.url, trust_env=False, timeout=30, follow_redirects=True)
        password = service.admin_password()
        self.send("/desk/login", "/desk", name="admin", password=password)
        self.send("/desk/password", "/desk/password", old=password, new=NEW_PASSWORD, again=NEW_PASSWORD)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def page(self, path: str) -> str:
        """Read a page."""
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def send(self, action: str, on: str, **typed: str) -> Response:
        """Send the first form of a page that goes to `action`, as the page has it."""
        form = hidden(self.page(on), action)
        return self.client.post(action, data=form | typed)
