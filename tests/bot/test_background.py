"""Background work goes on after a failure."""

import pytest
from structlog.testing import capture_logs

from bot import background
from bot.background import keep_going


async def test_work_that_fails_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "PAUSES", (0.0,))
    begun = 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun < 4:
            raise ConnectionError

    with capture_logs() as lines:
        await keep_going("test", work)
    assert begun == 4
    assert [line["work"] for line in lines] == ["test"] * 3
