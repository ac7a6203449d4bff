"""Run a watch: one thread folds, one follows files, the server takes events in; all stop in order."""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import uvicorn

from stillwatch.model.errors import InputError, StillwatchError
from stillwatch.serve.server import Server
from stillwatch.serve.watch.folder import SETTLED_MS, Following
from stillwatch.serve.watch.intake import Intake
from stillwatch.serve.watch.taking import Taking

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stillwatch.ingest.read import Reading
    from stillwatch.serve.watch.brokers.fetching import Fetching
    from stillwatch.serve.watch.files import Files
    from stillwatch.serve.watch.intake import Open
    from stillwatch.serve.watch.measures import Measures
    from stillwatch.serve.watch.watch import Watch

_IDLE_S: Final = 0.05
_FOLLOW_S: Final = 1.0
_STUCK_S: Final = 120.0
"""Age of the last turn from which folding counts as stuck (s); a search for campaigns may take a minute."""


def now_ms() -> int:
    """Give the time (ms since 1970)."""
    return int(time.time() * 1000)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often what is done."""

    examine_s: float = 5.0
    """Looking at accounts that changed (s)."""
    campaigns_s: float = 3600.0
    """Looking for campaigns (s); 0 never."""
    checkpoint_s: float = 30.0
    """Writing a checkpoint (s)."""
    files_s: float = 10.0
    """Looking whether a file of accounts, agreements or terms changed (s)."""


class Folding:
    """The one thread that owns the watch."""

    def __init__(
        self,
        watch: Watch,
        pace: Pace,
        measures: Measures,
        files: Files | None = None,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._watch, self._pace, self._measures, self._files, self._clock = watch, pace, measures, files, clock
        self._stop = threading.Event()
        self.caught_up = threading.Event()
        """Set once whatever lay in the spool at the start is folded."""
        self._turned = began = time.monotonic()
        self._due = {
            "files": began,
            "examine": began,
            "campaigns": began,
            "checkpoint": began + pace.checkpoint_s,
        }
        """Moment from which each is done again (s of the monotonic clock)."""
        self._wrong = ""
        self.sources_wrong: dict[str, str] = {}
        """Source that cannot be taken over -> why."""
        self.failure: BaseException | None = None
        """What ended the thread, where it was not asked to end."""
        self._thread = threading.Thread(target=self._run, name="watch")

    def start(self) -> None:
        """Begin to fold."""
        self._thread.start()

    def stop(self) -> None:
        """Fold what is there, look, write a checkpoint, end."""
        self._stop.set()
        self._thread.join()

    def health(self) -> str:
        """Say what is wrong, "" where nothing is."""
        if self.failure is not None:
            return f"folding ended: {self.failure}"
        silent = time.monotonic() - self._turned
        if silent > _STUCK_S:
            return f"no turn for {silent:.0f} s"
        return self._wrong or "; ".join(list(self.sources_wrong.values()))

    def _run(self) -> None:
        try:
            self._turns()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the service must end and say so
            self.failure = error
            self.caught_up.set()

    def _turns(self) -> None:
        while self.turn():
            pass
        self._watch.checkpoint(self._clock())

    def turn(self) -> bool:
        """Fold what came and do what is due; False once it was told to stop and everything is folded."""
        came = self._watch.drain(self._clock())
        self._turned = time.monotonic()
        if not came:
            self.caught_up.set()
            if self._stop.is_set():
                return False
        self._tried("files", self._pace.files_s, self._read_again)
        self._tried("examine", self._pace.examine_s, self._watch.examine)
        if self._pace.campaigns_s and self.caught_up.is_set():
            self._tried("campaigns", self._pace.campaigns_s, self._watch.campaigns)
        self._tried("checkpoint", self._pace.checkpoint_s, self._watch.checkpoint)
        if not came:
            self._stop.wait(_IDLE_S)
        return True

    def _read_again(self, _: int) -> None:
        changed = self._files.changed() if self._files else None
        if changed is not None:
            self._watch.told(changed)
            self._measures.count("files_read_again")

    def _tried(self, what: str, every_s: float, act: Callable[[int], object]) -> None:
        """Do what is due; an error of ours is told and tried again later, events stay in the spool meanwhile."""
        if time.monotonic() < self._due[what]:
            return
        try:
            act(self._clock())
        except StillwatchError as error:
            self._wrong = f"{what}: {error}"
            self._measures.count("failures")
        else:
            if self._wrong.startswith(what):
                self._wrong = ""
        self._due[what] = time.monotonic() + every_s


class Turning(Protocol):
    """A source that is followed."""

    def turn(self, now_ms: int, stop: Callable[[], bool] = ...) -> int:
        """Take what is new; gives how many events came."""
        ...


class Follower:
    """The thread that follows sources, once what the spool held is folded."""

    def __init__(self, sources: Mapping[str, Callable[[], Turning]], folding: Folding, measures: Measures) -> None:
        self._make, self._folding, self._measures = dict(sources), folding, measures
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follow")

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End after the file at hand."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        self._folding.caught_up.wait()
        made: dict[str, Turning] = {}
        while not self._stop.is_set():
            if not sum([self._turn(name, made) for name in self._make]):
                self._stop.wait(_FOLLOW_S)

    def _turn(self, name: str, made: dict[str, Turning]) -> int:
        wrong = self._folding.sources_wrong
        try:
            if name not in made:
                made[name] = self._make[name]()
            source = made[name]
            came = source.turn(now_ms(), self._stop.is_set)
            if isinstance(source, Following):
                self._measures.put("files_unread", len(source.wrong))
        except StillwatchError as error:
            wrong[name] = str(error)
            return 0
        wrong.pop(name, None)
        return came


def followed(
    watch: Watch, reading: Reading, measures: Measures, follow: Sequence[str], spools: Sequence[str]
) -> dict[str, Callable[[], Turning]]:
    """Give what makes each source that is followed: files together, every gateway apart."""
    sources: dict[str, Callable[[], Turning]] = {
        f"spool {one}": partial(Taking, Path(one), reading, watch.spool, measures, watch.sources) for one in spools
    }
    if follow:
        sources["files"] = partial(Following, follow, reading, watch.spool, measures, watch.sources)
    return sources


def once(watch: Watch, reading: Reading, measures: Measures, follow: Sequence[str], spools: Sequence[str] = ()) -> None:
    """Take in what files hold now, fold, look at accounts and for campaigns, write a checkpoint, end."""
    try:
        while watch.drain(now_ms()):
            pass
        for one in spools:
            Taking(Path(one), reading, watch.spool, measures, watch.sources).turn(now_ms())
        following = Following(follow, reading, watch.spool, measures, watch.sources)
        if follow:
            following.turn(now_ms() + SETTLED_MS)
        if following.wrong:
            raise InputError("; ".join(following.wrong.values()))
        while watch.drain(now_ms()):
            pass
        watch.examine(now_ms())
        watch.campaigns(now_ms())
        watch.checkpoint(now_ms())
    finally:
        watch.close()


def serve(
    watch: Watch,
    opened: Open,
    measures: Measures,
    pace: Pace,
    listen: tuple[str, int],
    follow: Sequence[str] = (),
    spools: Sequence[str] = (),
    files: Files | None = None,
    started: Callable[[], None] = lambda: None,
    fetching: Fetching | None = None,
) -> BaseException | None:
    """Run until told to stop (SIGTERM, SIGINT).

    Parameters
    ----------
    watch
        The watch; closed at the end.
    opened
        Who may send.
    measures
        How it is doing.
    pace
        How often what is done.
    listen
        Address and port.
    follow
        Files, folders, patterns to follow.
    spools
        Folders that gateways write to.
    files
        What the watch was told by files, to be read again when they change.
    started
        Called once it folds.
    fetching
        Takes messages from a broker; started and stopped here.

    Returns
    -------
    BaseException or None
        What ended the folding, where nobody asked it to end.
    """
    folding = Folding(watch, pace, measures, files)
    pool = ThreadPoolExecutor(2, "read")
    away = fetching.away if fetching is not None else dict[str, str]
    intake = Intake(opened, watch.spool, measures, folding.health, now_ms, pool, away)
    config = uvicorn.Config(
        intake, host=listen[0], port=listen[1], log_level="warning", access_log=False, timeout_graceful_shutdown=10
    )
    server = Server(config)
    follower = Follower(followed(watch, opened.reading, measures, follow, spools), folding, measures)
    folding.start()
    if follow or spools:
        follower.start()
    if fetching is not None:
        fetching.start()
    started()
    server.stop_on((signal.SIGTERM, signal.SIGINT))
    guard = threading.Thread(target=_stop_with, args=(folding, server), daemon=True)
    guard.start()
    try:
        server.run()
    finally:
        if fetching is not None:
            fetching.stop()
        if follow or spools:
            follower.stop()
        folding.stop()
        pool.shutdown()
        watch.close()
    return folding.failure


def _stop_with(folding: Folding, server: Server) -> None:
    """Stop taking events in where folding has ended by itself: they would pile up unseen."""
    while folding.failure is None and not server.should_exit:
        time.sleep(0.5)
    server.should_exit = True
