"""Encryption of what must be kept but not shown: a merchant's phone number for a call-back, his pictures."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken


class VaultError(Exception):
    """The key is not one, or not the one that the data was encrypted with."""


class Vault:
    """Encrypts and decrypts texts and files with one key (Fernet: AES-128-CBC and HMAC-SHA256)."""

    def __init__(self, key: str) -> None:
        try:
            self._fernet = Fernet(key)
        except ValueError:
            message = "the key must be 32 random bytes in URL-safe base64; `daozhang key` prints a new one"
            raise VaultError(message) from None

    def lock(self, text: str) -> str:
        """Encrypt."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, locked: str) -> str:
        """Decrypt; raises VaultError when it was locked with another key."""
        return self._open(locked.encode()).decode()

    def seal(self, content: bytes) -> bytes:
        """Encrypt a file; a token of Fernet without its base64, which would make it a third larger."""
        return urlsafe_b64decode(self._fernet.encrypt(content))

    def unseal(self, sealed: bytes) -> bytes:
        """Decrypt a file; raises VaultError when it was sealed with another key."""
        return self._open(urlsafe_b64encode(sealed))

    def _open(self, locked: bytes) -> bytes:
        try:
            return self._fernet.decrypt(locked)
        except InvalidToken:
            message = "this was encrypted with another key; set DAOZHANG_SECRET_KEY to the key in use then"
            raise VaultError(message) from None


def new_key() -> str:
    """Make a random key."""
    return Fernet.generate_key().decode()


def key_in(folder: Path) -> str:
    """Read the key that the data folder keeps; make one at the first start (readable by the owner only)."""
    path = folder / "secret.key"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(new_key() + "\n")
        return path.read_text().strip()
