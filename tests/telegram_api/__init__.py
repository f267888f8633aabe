"""A strict emulator of Telegram's Bot API for tests: a real HTTP server, and people who use it.

`telegram_api.url` stands in for https://api.telegram.org: a bot calls `<url>/bot<token>/<method>` and fetches
files from `<url>/file/bot<token>/<path>`. A test moves people (`user = telegram_api.user()`, `user.send(…)`,
`user.tap(…)`), reads what chats show (`telegram_api.sent(user)`) and what the bot called
(`telegram_api.calls("sendMessage")`), and lets things go wrong (`telegram_api.fail_next(…)`).
"""
