"""Run the emulator by itself: `python -m tests.telegram_api --port 8081 --token 1:abc`, until it is ended."""

import argparse
import signal

from tests.telegram_api.control import RunningServer


def main() -> None:
    """Start it, print address and token, wait for the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token")
    given = parser.parse_args()
    server = RunningServer(given.token, given.port)
    print(f"{server.url} {server.token}", flush=True)
    try:
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        server.close()


if __name__ == "__main__":
    main()
