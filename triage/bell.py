"""The bell: wakes streams and workers of this process when something they wait for was committed."""

import asyncio
import threading
from collections.abc import Iterable
from typing import Self

#: Topic of everything that the desk lists.
DESK = "desk"
#: Topic of conversations that begin.
BEGUN = "begun"
#: Topic of deliveries that wait.
OUTBOX = "outbox"
#: Topic of merchants' files that are to be fetched.
FILES = "files"


def chat_topic(conversation_id: int) -> str:
    """Name the topic of one conversation."""
    return f"chat:{conversation_id}"


class Listener:
    """One waiter; rung from any thread, awaited in its own loop."""

    def __init__(self, bell: "Bell", topic: str) -> None:
        self._bell = bell
        self._topic = topic
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def __enter__(self) -> Self:
        self._bell.add(self._topic, self)
        return self

    def __exit__(self, *_: object) -> None:
        self._bell.remove(self._topic, self)

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
    """Rings by topic."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[Listener]] = {}
        self._lock = threading.Lock()
        #: True once the service goes down: whoever waits should end.
        self.closed = False

    def listen(self, topic: str) -> Listener:
        """Make a listener for the running loop; enter it before looking for what it should not miss."""
        return Listener(self, topic)

    def add(self, topic: str, listener: Listener) -> None:
        """Start ringing a listener."""
        with self._lock:
            self._listeners.setdefault(topic, set()).add(listener)

    def remove(self, topic: str, listener: Listener) -> None:
        """Stop ringing a listener."""
        with self._lock:
            self._listeners[topic].discard(listener)
            if not self._listeners[topic]:
                del self._listeners[topic]

    def ring(self, topics: Iterable[str]) -> None:
        """Wake everybody who waits for one of the topics."""
        with self._lock:
            woken = [listener for topic in topics for listener in self._listeners.get(topic, ())]
        for listener in woken:
            listener.wake()

    def close(self) -> None:
        """Wake everybody for the last time."""
        self.closed = True
        with self._lock:
            topics = list(self._listeners)
        self.ring(topics)
