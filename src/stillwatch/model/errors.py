"""One tree of errors, split by who must act.

::

    StillwatchError
    ├── InputError          the caller: a path, an option or a file is wrong      -> exit code 2
    │   ├── FormatError     the bytes are not what the named format promises
    │   ├── ForbiddenField  the input carries direct personal data (class P4), named
    │   ├── KeyFileError    the pseudonym key is missing, malformed or readable by others
    │   ├── TermsError      the terms of use are not written as their language asks; names every line
    │   └── NotNow          what was asked for does not fit how things stand, such as a second appeal beside an open one
    ├── LogError            whoever runs a transparency log: a signature, a proof or a receipt of it does not hold
    ├── BrokerAway          whoever runs the broker: it does not answer; a watch goes on and tries again
    ├── PeerError           whoever runs the other side: its message is not what the protocol promises
    └── StoreError          our side: the output folder, the disk, a checkpoint   -> exit code 2
        ├── CheckpointError a checkpoint is torn, from another version or from another key
        ├── SpoolError      the spool of events is full, damaged or in use
        │   └── SpoolFull   no room until more was folded: whoever sends must send again later
        ├── StoreBusy       another writer holds the store; the same call may be made again
        └── StoreTorn       the store's file is damaged, of another version, or open to others

"Not enough evidence" is no error: it is the value :class:`stillwatch.model.finding.NotEnoughEvidence`.
"""

from __future__ import annotations


class StillwatchError(Exception):
    """Root of every error this package raises on purpose."""


class InputError(StillwatchError):
    """Something the caller gave is wrong; the message says what and what to do."""


class FormatError(InputError):
    """The bytes of a source are not in the format they were read as."""


class ForbiddenField(InputError):
    """The input names a field of privacy class P4 (direct personal data)."""


class KeyFileError(InputError):
    """The pseudonym key file cannot be used as it is."""


class TermsError(InputError):
    """Terms of use that are not written as their language asks; the message names file, line and clause."""


class NotNow(InputError):
    """What was asked for is well written and does not fit how things stand; the message says how they do."""


class LogError(StillwatchError):
    """What a transparency log showed does not hold; kept, it is evidence against whoever runs the log."""


class BrokerAway(StillwatchError):
    """A message broker does not answer; what it holds is fetched once it does."""


class PeerError(StillwatchError):
    """A peer's message is malformed, or does not prove what it must; nothing of it is used."""


class NotShown(PeerError):
    """A peer has nothing of what was asked about, or shows it to others alone."""


class StoreError(StillwatchError):
    """Our own output or state could not be written or read back."""


class CheckpointError(StoreError):
    """A checkpoint is torn, of another version, or was made under another key."""


class SpoolError(StoreError):
    """The spool of events cannot be written or read."""


class SpoolFull(SpoolError):
    """The spool has no room; whoever sends must send again later. Nothing of what was refused is kept."""


class StoreBusy(StoreError):
    """Another writer held the store for longer than the busy time; nothing was written."""


class StoreTorn(StoreError):
    """The store's file is damaged, of another version, or open to others; it is left as it is."""
