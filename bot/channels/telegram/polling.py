"""Getting updates by long polling: the offset moves only after everything before it is committed."""

import asyncio

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.channels.telegram.api import ALLOWED_UPDATES, Client, wait_of
from bot.channels.telegram.intake import Intake
from triage.store import StoreError

#: Seconds that Telegram keeps a call open when there is nothing new.
POLL_SECONDS = 25
#: Seconds to wait after a failure: twice as long each time, up to the last.
PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
TOKEN_REFUSED = "Telegram refuses the token; check DAOZHANG_TELEGRAM_TOKEN against @BotFather"  # noqa: S105
_log = structlog.get_logger()


class Poller:
    """Fetches updates and hands them over, for as long as it runs."""

    def __init__(self, client: Client, intake: Intake) -> None:
        self._client = client
        self._intake = intake
        self._failures = 0

    async def run(self) -> None:
        """Poll until cancelled."""
        offset: int | None = None
        while True:
            try:
                updates = await self._client.bot.get_updates(
                    offset, timeout=POLL_SECONDS, allowed_updates=ALLOWED_UPDATES
                )
                await self._intake.take_all(updates)
            except Exception as error:  # noqa: BLE001 - nothing may end the polling but its cancellation
                # The offset stays: Telegram gives what was not taken again.
                await self._pause(error)
            else:
                self._failures = 0
                # An empty answer has confirmed what was before: then no offset is needed, and update numbers
                # that begin again lower, as they do after a quiet week, are not missed.
                offset = max(update.update_id for update in updates) + 1 if updates else None

    async def _pause(self, error: Exception) -> None:
        pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
        self._failures += 1
        if isinstance(error, Conflict):
            _log.error(
                "another process fetches this bot's updates (or a webhook is set); "
                "give each service that shares no database a bot of its own",
                next_try_in=pause,
            )
        elif isinstance(error, InvalidToken):
            _log.error(TOKEN_REFUSED, next_try_in=pause)
        elif isinstance(error, RetryAfter):
            pause = wait_of(error).total_seconds()
            _log.warning("Telegram asks to wait", seconds=pause)
        elif isinstance(error, TelegramError):
            _log.warning("updates could not be fetched", error=type(error).__name__, next_try_in=pause)
        elif isinstance(error, StoreError):
            _log.error(
                "updates could not be stored, and are fetched again", error=str(error), next_try_in=pause
            )
        else:
            _log.error("updates could not be taken", exc_info=error, next_try_in=pause)
        await asyncio.sleep(pause)
