"""How one gets into a broker: credentials from a file or the environment, never from the command line."""

from __future__ import annotations

import ssl
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import InputError, KeyFileError

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE: Final = "STILLWATCH_BROKER_CREDENTIALS"
"""Variable of the environment that holds USER:PASSWORD where no file is named."""
_JWT: Final = "BEGIN NATS USER JWT"


@dataclass(frozen=True, slots=True)
class Access:
    """Credentials and certificates; nothing of it is ever printed."""

    user: str = ""
    """Name to log in with; none where empty."""
    password: str = ""
    """Its password."""
    creds_file: str = ""
    """A NATS ``.creds`` file, instead of user and password."""
    ca_file: str = ""
    """Certificates to trust (PEM); those of the machine where empty."""
    cert_file: str = ""
    """Our certificate (PEM), where the broker asks for one."""
    key_file: str = ""
    """Its key (PEM)."""

    def __repr__(self) -> str:
        """Say only what kind of access it is."""
        return f"Access(user={bool(self.user)}, creds={bool(self.creds_file)}, certificate={bool(self.cert_file)})"

    def context(self) -> ssl.SSLContext:
        """Make a TLS context that checks the broker's certificate and name.

        Raises
        ------
        InputError
            A file of certificates cannot be used.
        """
        try:
            made = ssl.create_default_context(cafile=self.ca_file or None)
            if self.cert_file:
                made.load_cert_chain(self.cert_file, self.key_file or None)
        except (OSError, ssl.SSLError) as error:
            raise InputError(f"the certificates for --from cannot be used: {error}") from error
        return made


def access_of(
    credentials: str | None, environment: Mapping[str, str], ca: str | None, cert: str | None, key: str | None
) -> Access:
    """Read credentials, from a file if one is named, else from the environment; neither is no login.

    Raises
    ------
    InputError
        A file is not there.
    KeyFileError
        Others may read the file, or it holds no USER:PASSWORD and is no NATS ``.creds`` file.
    """
    if key:
        _closed(Path(key))
    files = {"ca_file": ca or "", "cert_file": cert or "", "key_file": key or ""}
    if not credentials:
        return _login(environment[VARIABLE], VARIABLE, files) if environment.get(VARIABLE) else Access(**files)
    text = _closed(Path(credentials))
    if _JWT in text:
        return Access(creds_file=credentials, **files)
    return _login(text, credentials, files)


def _login(text: str, origin: str, files: Mapping[str, str]) -> Access:
    user, colon, password = text.strip().partition(":")
    if not user or not colon or not password or "\n" in password:
        raise KeyFileError(f"{origin}: it must hold one line, USER:PASSWORD, or be a .creds file of NATS")
    return Access(user, password, **files)


def _closed(path: Path) -> str:
    """Read a file that nobody else may read."""
    try:
        mode, text = path.stat().st_mode, path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: the file cannot be read: {getattr(error, 'strerror', 'no text')}") from error
    if stat.S_IMODE(mode) & 0o077:
        raise KeyFileError(f"{path}: others may read it; chmod 600 {path}")
    return text
