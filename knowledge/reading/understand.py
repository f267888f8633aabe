"""One line of `daozhang understand --json`."""

from datetime import datetime
from typing import Any

from knowledge.reading.reader import Reader
from knowledge.redaction import redact


def understand_line(reader: Reader, raw: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Read {"id", "text"} and give {"id", "intent", "confidence", "sure", "slots"}.

    The text is redacted first. Raises KeyError when the line has no text.
    """
    reading = reader.read(redact(str(raw["text"])).text, now)
    return {
        "id": raw.get("id"),
        "intent": reading.intent,
        "confidence": reading.confidence,
        "sure": reading.sure,
        "slots": {name: list(values) for name, values in reading.slots.items()},
    }
