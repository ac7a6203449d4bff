"""Options of a member's verbs: join, share, inbox, withdraw, check."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from stillwatch.parsers.common import input_options, later

if TYPE_CHECKING:
    from stillwatch.parsers.common import Verbs

_CODES = "exit codes: 0 done, 2 bad input, or a peer or the store refused, 130 stopped."


def member_options(verb: argparse.ArgumentParser) -> None:
    """Take what every verb of a member takes."""
    verb.add_argument("--member", metavar="FILE", default="member.db", help="the member's file (%(default)s)")
    verb.add_argument("--json", action="store_true", help="print JSON")


def _warninglists(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--warninglists",
        action="append",
        default=[],
        metavar="FOLDER",
        help="leave out what is on these lists, in the format of MISP; may be given again",
    )


def join_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch join``."""
    join = verbs.add_parser(
        "join",
        help="take up an invitation to an exchange",
        description="Take up an invitation: make a key, prove it to the hub, remember the custodian. Nothing about\n"
        "any customer is read or sent.",
        epilog="examples:\n"
        "  stillwatch join https://hub.example --invitation-file invitation.txt --custodian https://keys.example \\\n"
        "      --custodian-secret-file secret.txt --vkey hub.example/log+1f2e3d4c+AQ...\n\n" + _CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    join.add_argument("hub", metavar="URL", help="address of the hub")
    join.add_argument("--invitation-file", required=True, metavar="FILE", help="file that holds the invitation")
    join.add_argument("--custodian", required=True, metavar="URL", help="address of the custodian")
    join.add_argument("--custodian-secret-file", required=True, metavar="FILE", help="file with the secret for it")
    join.add_argument(
        "--vkey", required=True, help="verifier key of the hub's log; `stillwatch hub log show` prints it"
    )
    member_options(join)
    join.set_defaults(run=later("join", "join_verb"))


def share_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch share``."""
    share = verbs.add_parser(
        "share",
        help="prepare candidates for an exchange, show what would leave, send it",
        description="Find groups that this provider cannot decide about alone, show field by field what would leave\n"
        "of them, and send it: by itself where the policy says so, else once somebody approves.",
        epilog="examples:\n"
        "  stillwatch share logs/ --accounts accounts.csv --alliance alliance.key\n"
        "  stillwatch share logs/ --accounts accounts.csv --alliance alliance.key --policy sharing.toml\n"
        "  stillwatch share --list\n"
        "  stillwatch share --approve 3\n\n" + _CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    input_options(share)
    inputs = next(one for one in share._actions if one.dest == "inputs")  # noqa: SLF001 - it has no other way
    inputs.nargs = "*"
    share.add_argument(
        "--alliance", metavar="FILE", help="key that members share and the hub has not; `stillwatch key new` makes it"
    )
    share.add_argument("--alliance-epoch", type=int, metavar="N", help="epoch of that key (default: the latest)")
    _warninglists(share)
    share.add_argument("--policy", metavar="FILE", help="what may leave, TOML; without it everything waits")
    share.add_argument("--approve", type=int, metavar="N", help="send share N, which waits")
    share.add_argument("--list", action="store_true", help="show shares and how they stand")
    share.add_argument("--seed", type=int, default=0, help="seed of simulated nulls (%(default)s)")
    member_options(share)
    share.set_defaults(run=later("share", "share_verb"), reference=None, look=1, keep_exemplars=0, threshold=None)
    share.set_defaults(shown=None)


def inbox_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch inbox``."""
    inbox = verbs.add_parser(
        "inbox",
        help="offer what matched, fetch what others found, show it",
        description="Offer groups that matched, fetch joint campaigns and shared objects, and show what there is.\n"
        "What is received is evidence of somebody, with an end; it decides nothing.",
        epilog="examples:\n"
        "  stillwatch inbox\n"
        "  stillwatch inbox --watch 15\n"
        "  stillwatch inbox --offline --json\n\n"
        "exit codes: 0 nothing that counts, 1 at least one joint campaign reported as extraction, 2 bad input or a\n"
        "peer refused, 130 stopped.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    inbox.add_argument("--offline", action="store_true", help="show what was received and ask nobody")
    inbox.add_argument("--watch", type=float, metavar="S", help="look every so many seconds until stopped")
    member_options(inbox)
    inbox.set_defaults(run=later("inbox", "inbox_verb"))


def withdraw_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch withdraw``."""
    withdraw = verbs.add_parser(
        "withdraw",
        help="take back what was shared",
        description="Drop a share that waits, or take back one that was sent while its epoch was not joined.",
        epilog="examples:\n  stillwatch withdraw 3\n\n" + _CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    withdraw.add_argument("share", type=int, metavar="N", help="number of the share; `stillwatch share --list`")
    member_options(withdraw)
    withdraw.set_defaults(run=later("share", "withdraw_verb"))


def check_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch check``."""
    check = verbs.add_parser(
        "check",
        help="ask what others know of your own accounts, and contribute nothing",
        description="Ask whether two others, at least, contributed what your own accounts have: a means of payment, a\n"
        "network, a domain. The first run shows what leaves (kinds and numbers) and asks; run again after the epoch\n"
        "has closed, it prints the answers. An answer is evidence for a person to look at; it decides nothing.",
        epilog="examples:\n"
        "  stillwatch check accounts.csv --preview\n"
        "  stillwatch check accounts.csv --values values.csv --issuer network-token\n"
        "  stillwatch check accounts.csv --alliance alliance.key --warninglists misp-warninglists/lists --json\n\n"
        "exit codes: 0 nothing is known or no answers yet, 1 others know something of an account, 2 bad input, or a\n"
        "peer or the store refused, 130 stopped.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument("accounts", metavar="ACCOUNTS", help="account file, CSV or Parquet")
    check.add_argument("--values", metavar="FILE", help="more values of these accounts, CSV or Parquet; never stored")
    check.add_argument("--issuer", default="", metavar="NAME", help="whose fingerprints of payments are")
    _warninglists(check)
    check.add_argument("--alliance", metavar="FILE", help="key that members share: asks about what groups share, too")
    check.add_argument("--alliance-epoch", type=int, metavar="N", help="epoch of that key (default: the latest)")
    check.add_argument("--last", action="store_true", help="show the latest answers again and ask nobody")
    check.add_argument("--preview", action="store_true", help="show what would leave and send nothing")
    member_options(check)
    check.set_defaults(run=later("check", "check_verb"))
