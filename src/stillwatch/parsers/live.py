"""Options of the verbs that run beside the traffic: watch."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from stillwatch.parsers.broker import broker_options
from stillwatch.parsers.common import FORMAT_WORDS, later

if TYPE_CHECKING:
    from stillwatch.parsers.common import Verbs


def watch_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch watch``."""
    watch = verbs.add_parser(
        "watch",
        help="take events in as they happen and look at accounts as they change (needs the extra: serve)",
        description="Take events in over HTTP or from files being written, keep them sealed on the disk until they\n"
        "are folded, look at accounts as they change and for campaigns every hour. A crash loses nothing that was\n"
        "acknowledged and counts nothing twice.",
        epilog="examples:\n"
        "  stillwatch watch --folder /var/lib/stillwatch --follow /var/log/gateway --accounts accounts.csv\n"
        "  stillwatch watch --folder watch --listen 127.0.0.1:4318 --secrets senders.txt\n"
        "  stillwatch watch --folder watch --follow logs/ --once\n"
        "  stillwatch watch --folder watch --spool gateway --terms starter --store decisions.db\n"
        "  stillwatch watch --folder watch --from nats://127.0.0.1:4222/requests --from-monitor http://127.0.0.1:8222\n"
        "  stillwatch watch --folder watch --from kafka+tls://broker-1:9093/requests --from-credentials login.txt\n\n"
        "where events go: POST /v1/events (any known format), /v1/traces (OTLP/HTTP), /v1/litellm; how it is doing:\n"
        "GET /healthz, /metrics, /openapi.json\n\n"
        "exit codes: 0 stopped when told to, 2 bad input, or the folder, spool or checkpoint cannot be used",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    watch.add_argument(
        "--folder", required=True, metavar="FOLDER", help="where spool and state lie; one watch a folder"
    )
    watch.add_argument("--listen", default="127.0.0.1:4318", metavar="HOST:PORT", help="address to take events at")
    watch.add_argument(
        "--secrets", metavar="FILE", help="senders, one NAME:SECRET a line, mode 0600; a must beyond this machine"
    )
    watch.add_argument(
        "--follow", action="append", default=[], metavar="INPUT", help="file, folder or pattern to follow"
    )
    watch.add_argument(
        "--spool", action="append", default=[], metavar="FOLDER", help="take over what a gateway writes there"
    )
    watch.add_argument("--format", default="auto", choices=FORMAT_WORDS, help="log format (default: auto)")
    broker_options(watch)
    watch.add_argument(
        "--accounts", metavar="FILE", help="account file, CSV or Parquet: plan, signup, organisation ..."
    )
    watch.add_argument(
        "--key", metavar="FILE", default="stillwatch.key", help="pseudonym key, made if missing (%(default)s)"
    )
    watch.add_argument("--epoch", type=int, metavar="N", help="epoch of the key (default: the latest)")
    watch.add_argument(
        "--map", action="append", default=[], metavar="FIELD=PATH", help="read a field from a place of your own"
    )
    watch.add_argument(
        "--trusted-proxy", action="append", default=[], metavar="NET", help="believe X-Forwarded-For written by these"
    )
    watch.add_argument("--corpus", metavar="FILE", help="filter of public prompts, as `stillwatch corpus` builds it")
    watch.add_argument(
        "--reference", metavar="FILE", help="what is ordinary at your service, from `stillwatch calibrate`"
    )
    watch.add_argument("--threads", type=int, metavar="N", help="worker threads (default: one a processor)")
    watch.add_argument("--base-rate", type=float, metavar="SHARE", help="share of accounts taken to extract (0.001)")
    watch.add_argument(
        "--agreements", metavar="FILE", help="research, resellers, red teams ...: what was agreed, as CSV"
    )
    watch.add_argument(
        "--terms", metavar="FILE", help="judge by these terms, or by shipped ones such as starter or frontier-lab"
    )
    watch.add_argument("--store", metavar="FILE", help="where decisions are recorded; goes with --terms")
    watch.add_argument(
        "--rules", metavar="FILE", help="TOML: ladder, limits of anything automatic, delays inside a campaign"
    )
    watch.add_argument(
        "--exchange",
        metavar="FILE",
        help="member's file of an exchange: accounts in joint campaigns are judged with that evidence, too",
    )
    watch.add_argument(
        "--on-one-word",
        action="store_true",
        help="with --exchange: also where a joint campaign would not be reported without some one other member",
    )
    watch.add_argument(
        "--dossiers",
        metavar="FOLDER",
        help="keep dossiers for 90 days, one file a day, to replay changed terms over (stillwatch terms diff)",
    )
    watch.add_argument(
        "--examine-every", type=float, default=5.0, metavar="S", help="seconds between looks (%(default)s)"
    )
    watch.add_argument(
        "--campaigns-every",
        type=float,
        default=3600.0,
        metavar="S",
        help="seconds between searches; 0 never (%(default)s)",
    )
    watch.add_argument(
        "--checkpoint-every", type=float, default=30.0, metavar="S", help="seconds between checkpoints (%(default)s)"
    )
    watch.add_argument("--once", action="store_true", help="read what is there, look, and end")
    watch.add_argument("--json", action="store_true", help="print what was done at the end as JSON")
    watch.set_defaults(run=later("watch", "watch_verb"), threshold=None, shown=None, keep_exemplars=0)
