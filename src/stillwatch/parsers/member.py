"""Options of a member's verbs: join, share, inbox, withdraw, publish, opinion, docket, member, allow."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from stillwatch.parsers.common import input_options, later, warninglists_option
from stillwatch.parsers.hub import LEVELS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stillwatch.parsers.common import Verbs

_CODES = "exit codes: 0 done, 2 bad input, or a peer or the store refused, 130 stopped."


def member_options(verb: argparse.ArgumentParser) -> None:
    """Take what every verb of a member takes."""
    verb.add_argument("--member", metavar="FILE", default="member.db", help="the member's file (%(default)s)")
    verb.add_argument("--json", action="store_true", help="print JSON")


def join_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch join``."""
    join = verbs.add_parser(
        "join",
        help="take up an invitation to an exchange",
        description="Take up an invitation: make a key, prove it to the hub, remember the custodian. Nothing about\n"
        "any customer is read or sent. Run again without the invitation, it takes another secret for the custodian.",
        epilog="examples:\n"
        "  stillwatch join https://hub.example --invitation-file invitation.txt --custodian https://keys.example \\\n"
        "      --custodian-secret-file secret.txt --vkey hub.example/log+1f2e3d4c+AQ...\n"
        "  stillwatch join https://hub.example --custodian https://keys.example \\\n"
        "      --custodian-secret-file new-secret.txt --vkey hub.example/log+1f2e3d4c+AQ...\n\n" + _CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    join.add_argument("hub", metavar="URL", help="address of the hub")
    join.add_argument(
        "--invitation-file", metavar="FILE", help="file that holds the invitation; without it a new secret is taken"
    )
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
    warninglists_option(share)
    share.add_argument("--values", metavar="FILE", help="identifiers beside the account file, read and not kept")
    share.add_argument("--issuer", default="", metavar="NAME", help="whose the fingerprints of payments are")
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
    withdraw = _verb(
        verbs,
        "withdraw",
        "take back what was shared or told",
        "Drop a share that waits, take back one that was sent while its epoch was not joined, or revoke what was told\n"
        "of a joint campaign.",
        "  stillwatch withdraw 3\n  stillwatch withdraw joint:7:j-1df7e2a9c0",
    )
    withdraw.add_argument("what", metavar="SHARE|SUBJECT", help="number of a share, or what was told of")
    withdraw.set_defaults(run=later("share", "withdraw_verb"))


def publish_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch publish``."""
    publish = _verb(
        verbs,
        "publish",
        "tell others of a joint campaign, as STIX in a collection",
        "Tell others of a joint campaign that is reported as extraction: buckets, kinds of evidence, and the tags\n"
        "that its groups carry now. Told again it is a new version of the same objects.",
        '  stillwatch publish joint:7:j-1df7e2a9c0\n  stillwatch publish joint:7:j-1df7e2a9c0 --collection "Campaigns"',
    )
    publish.add_argument("subject", metavar="SUBJECT", help="joint campaign, as `stillwatch inbox` names it")
    publish.add_argument("--collection", default="", metavar="TITLE", help="where, if there are several")
    publish.add_argument("--tlp", default="amber", choices=LEVELS, help="level of TLP 2.0 (%(default)s)")
    publish.set_defaults(run=later("publish", "publish_verb"))


def opinion_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch opinion``."""
    opinion = _verb(
        verbs,
        "opinion",
        "say what this member thinks of what was shared",
        "Hold an opinion: negative (no abuse here), seed (worth a look) or positive (abuse here). Where members\n"
        "disagree the subject is disputed, and stops to count as evidence at everybody.",
        "  stillwatch opinion joint:7:j-1df7e2a9c0 negative",
    )
    opinion.add_argument("subject", metavar="SUBJECT", help="joint campaign or STIX identifier")
    opinion.add_argument("stance", choices=("negative", "seed", "positive"), help="what this member thinks of it")
    opinion.add_argument(
        "--why", default="", metavar="TEXT", help="for the hub's operator alone; nothing of a customer"
    )
    opinion.set_defaults(run=later("opinion", "opinion_verb"))


def docket_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch docket``."""
    docket = _named(
        verbs,
        "docket",
        "let an appeal reach every member that acted on the same",
        "An appeal that one member grants concerns every other that acted on the same joint campaign: a\n"
        "docket tells them to review their own cases. No customer and no case is named.",
        "  stillwatch docket list\n"
        "  stillwatch docket overturned --store decisions.db\n"
        "  stillwatch docket open joint:7:j-1df7e2a9c0 --outcome opened\n"
        "  stillwatch docket review 5b2d6f0e-6f0a-4d0e-9c39-1f2a5a8f7f11 upheld",
    )
    acts = {
        "list": "show dockets that concern this member",
        "open": "tell that a customer appealed what was done for a subject",
        "overturned": "tell of every joint campaign that an overturned decision stood on, once each",
        "review": "tell what this member's own review came to",
    }
    _, opened, overturned, reviewed = _acts(docket, later("opinion", "docket_verb"), acts)
    opened.add_argument("subject", metavar="SUBJECT", help="joint campaign or STIX identifier")
    opened.add_argument(
        "--outcome", default="opened", choices=("opened", "overturned", "upheld"), help="how it stands (%(default)s)"
    )
    overturned.add_argument("--store", default="decisions.db", metavar="FILE", help="store of decisions (%(default)s)")
    reviewed.add_argument("docket", metavar="DOCKET", help="id of the docket")
    reviewed.add_argument("outcome", choices=("overturned", "upheld", "not-acted"), help="what it came to")


def membership_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch member``."""
    member = _named(
        verbs,
        "member",
        "account for what left and came, and change the key that requests to the hub are signed with",
        "Account for what left this provider and what came, and change its key at the hub.",
        "  stillwatch member journal\n  stillwatch member record --json\n  stillwatch member rotate",
    )
    acts = {
        "journal": "show everything that left and came, as this provider wrote it down",
        "record": "show the hub's account of this member, section by section",
        "keys": "show the keys that are good at the hub",
        "rotate": "let a new key follow the one that requests are signed with",
    }
    _, record, _, _ = _acts(member, later("member", "member_verb"), acts)
    record.add_argument("--section", metavar="NAME", help="rows of one section, by page")
    record.add_argument("--after", metavar="AT", help="the page after a row, by its ``at``")


def allow_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch allow``."""
    allow = _named(
        verbs,
        "allow",
        "vouch for accounts: nothing of them leaves, nothing received counts against them",
        "Vouch for accounts. The provider's own word on its customers stands above everybody else's.",
        "  stillwatch allow add acct_7f31 --why 'research agreement 2026-12'\n"
        "  stillwatch allow list\n"
        "  stillwatch allow remove acct_7f31",
    )
    acts = {"add": "vouch for accounts", "remove": "vouch for them no longer", "list": "show them"}
    added, removed, _ = _acts(allow, later("allow", "allow_verb"), acts)
    for act in (added, removed):
        act.add_argument("accounts", nargs="+", metavar="ACCOUNT", help="account as the logs name it")
        act.add_argument("--key", default="stillwatch.key", metavar="FILE", help="pseudonym key (%(default)s)")
        act.add_argument("--epoch", type=int, metavar="N", help="epoch of the key (default: the latest)")
        act.add_argument("--why", default="", metavar="TEXT", help="why, for this provider's own people")


def _named(verbs: Verbs, name: str, words: str, description: str, examples: str) -> argparse.ArgumentParser:
    return verbs.add_parser(
        name,
        help=words,
        description=description,
        epilog=f"examples:\n{examples}\n\n{_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _verb(verbs: Verbs, name: str, words: str, description: str, examples: str) -> argparse.ArgumentParser:
    made = _named(verbs, name, words, description, examples)
    member_options(made)
    return made


def _acts(
    verb: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int], named: Mapping[str, str]
) -> list[argparse.ArgumentParser]:
    """Give a verb its acts: what each is called, and what it does."""
    acts, made = verb.add_subparsers(title="acts", required=True, metavar="ACT"), []
    for name, words in named.items():
        act = acts.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
        member_options(act)
        act.set_defaults(run=run, act=name)
        made.append(act)
    return made
