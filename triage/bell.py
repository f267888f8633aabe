"""The bell: wakes streams and workers of this process when something they wait for was committed."""

import asyncio
import threading
from collections.abc import Iterable
from typing import Self

#: Subject of everything that the desk lists.
DESK = "desk"
#: Subject of conversations that begin.
BEGUN = "begun"
#: Subject of deliveries that wait.
OUTBOX = "outbox"
#: Subject of merchants' files that are to be fetched.
FILES = "files"


def chat_subject(conversation_id: int) -> str:
    """Name the subject of one conversation."""
    return f"chat:{conversation_id}"


class Listener:
    """One waiter; rung from any thread, awaited in its own loop."""

    def __init__(self, bell: "Bell", subject: str) -> None:
        self._bell = bell
        self._subject = subject
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def __enter__(self) -> Self:
        self._bell.add(self._subject, self)
        return self

    def __exit__(self, *_: object) -> None:
        self._bell.remove(self._subject, self)

    def wake(self) -> None:
        """Ring; safe from any thread, and after the loop has closed."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, seconds: float) -> None:
        """Return at the next ring since the last wait, or when the seconds are over."""
        try:
            # Not wait_for: in Python 3.11 it swallows a cancellation that comes together with the ring.
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return
        finally:
            self._event.clear()


class Bell:
    """Rings by subject."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[Listener]] = {}
        self._lock = threading.Lock()
        #: True once the service goes down: whoever waits should end.
        self.closed = False

    def listen(self, subject: str) -> Listener:
        """Make a listener for the running loop; enter it before looking for what it should not miss."""
        return Listener(self, subject)

    def add(self, subject: str, listener: Listener) -> None:
        """Start ringing a listener."""
        with self._lock:
            self._listeners.setdefault(subject, set()).add(listener)

    def remove(self, subject: str, listener: Listener) -> None:
        """Stop ringing a listener."""
        with self._lock:
            self._listeners[subject].discard(listener)
            if not self._listeners[subject]:
                del self._listeners[subject]

    def ring(self, subjects: Iterable[str]) -> None:
        """Wake everybody who waits for one of the subjects."""
        with self._lock:
            woken = [listener for subject in subjects for listener in self._listeners.get(subject, ())]
        for listener in woken:
            listener.wake()

    def close(self) -> None:
        """Wake everybody for the last time."""
        self.closed = True
        with self._lock:
            subjects = list(self._listeners)
        self.ring(subjects)
