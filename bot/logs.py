"""Logs: one JSON object a line on standard error, without card numbers, phone numbers or tokens."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from knowledge.redaction import redact

#: Tokens of conversations and links, wherever they turn up.
_TOKEN = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")
#: Secrets of the settings, which must not turn up in a log whatever a library writes.
_HIDDEN: set[str] = set()
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def set_up_logs(level: str) -> None:
    """Send the logs of this program and of its libraries through one scrubbing formatter."""
    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _scrub,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=_LEVELS[level], force=True)
    for chatty in ("uvicorn.access", "httpx", "httpcore", "telegram", "alembic", "asyncio", "uvicorn.error"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, _LEVELS[level]))


def hide(*secrets: str) -> None:
    """Keep these out of the logs from now on."""
    _HIDDEN.update(secret for secret in secrets if secret)


def _scrub(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str) and key not in ("timestamp", "level"):
            event[key] = scrub(value)
    return event


def scrub(text: str) -> str:
    """Hide card and phone numbers and tokens in a text for the log."""
    for secret in _HIDDEN:
        text = text.replace(secret, "[secret]")
    return redact(_TOKEN.sub("[token]", text)).text
