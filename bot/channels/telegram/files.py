"""Files from Telegram: getFile, then the download, whose address holds the token and is told to nobody."""

from telegram import Bot
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError

from bot.channels.telegram.api import wait_of
from bot.channels.telegram.reading import NAME
from bot.messages import FetchError
from triage.media import NotKeptError

#: What Telegram says of a file that it may yet give out.
_FOR_NOW = "temporarily unavailable"
_TOO_BIG = "too big"


class TelegramFiles:
    """Telegram as a platform that gives files out."""

    name = NAME

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def fetch(self, reference: str, largest: int) -> bytes:
        """Fetch the file with this file_id."""
        try:
            file = await self._bot.get_file(reference)
            if file.file_size is not None and file.file_size > largest:
                raise NotKeptError("too_large")
            return bytes(await file.download_as_bytearray())
        except TelegramError as error:
            # Not chained: the message of some errors holds the address.
            raise _meaning(error) from None


def _meaning(error: TelegramError) -> Exception:
    if isinstance(error, RetryAfter):
        return FetchError("busy", wait_of(error))
    if isinstance(error, BadRequest) and _TOO_BIG in error.message:
        return NotKeptError("too_large")
    if isinstance(error, (BadRequest, Forbidden)) and _FOR_NOW not in error.message:
        return NotKeptError("gone")
    return FetchError(type(error).__name__)
