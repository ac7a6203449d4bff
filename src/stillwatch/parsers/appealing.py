"""Options of ``stillwatch appeals``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from stillwatch.parsers.common import later
from stillwatch.parsers.deciding import person_options, store_options

if TYPE_CHECKING:
    from stillwatch.parsers.common import Verbs


def appeals_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch appeals``."""
    appeals = verbs.add_parser(
        "appeals",
        help="hear appeals: list, read, uphold or overturn, and serve the customer's page",
        description="Hear what customers say against decisions. A person answers by name; no program rates a text.",
        epilog="examples:\n"
        "  stillwatch appeals serve --store stillwatch.db --key appeals.key --port 8470\n"
        "  stillwatch appeals link d-4f0c2a91b7e3d5066a1c88f2 --base https://lab.example\n"
        "  stillwatch appeals list\n"
        "  stillwatch appeals show a-0d9c3be1f00a77c2a4e1\n"
        '  stillwatch appeals overturn a-0d9c3be1f00a77c2a4e1 --by ada --why "the evaluation of contract 12"\n\n'
        "exit codes: 0 done, 1 appeals are open (list), 2 bad input or the store refused, 130 stopped.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    acts = appeals.add_subparsers(title="acts", required=True, metavar="ACT")

    def add(name: str, words: str, *, key: bool, person: bool = False) -> argparse.ArgumentParser:
        act = acts.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
        store_options(act)
        if key:
            act.add_argument(
                "--key", metavar="FILE", default="appeals.key", help="key of texts and links (%(default)s)"
            )
        if person:
            person_options(act)
        act.set_defaults(run=later("appeals", "appeals_verb"), act=name)
        return act

    add("list", "list appeals that wait for a person", key=False).add_argument(
        "--all", action="store_true", help="the answered ones, too"
    )
    add("show", "show an appeal: what the customer wrote, the statement of reasons", key=True).add_argument(
        "appeal", metavar="APPEAL", help="id of the appeal"
    )
    uphold = add("uphold", "let the decision stand; the customer reads why", key=False, person=True)
    uphold.add_argument("appeal", metavar="APPEAL", help="id of the appeal")
    overturn = add("overturn", "undo the decision with everything linked to it", key=False, person=True)
    overturn.add_argument("appeal", metavar="APPEAL", help="id of the appeal")
    overturn.add_argument("--only-account", action="store_true", help="leave the others of its campaign as they are")
    link = add("link", "print the customer's link to a statement of reasons", key=True)
    link.add_argument("decision", nargs="+", metavar="DECISION", help="ids of decisions")
    link.add_argument("--base", default="http://127.0.0.1:8470", metavar="URL", help="where it is served (%(default)s)")
    serve = add("serve", "serve the customer's page and the REST surface, tell notices and outcomes", key=True)
    serve.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="address to listen on (%(default)s)")
    serve.add_argument("--port", type=int, default=8470, metavar="N", help="port (%(default)s)")
    serve.add_argument(
        "--trusted-proxy", default="127.0.0.1", metavar="NET", help="believe X-Forwarded-For of these (%(default)s)"
    )
    serve.add_argument("--callback", metavar="URL", help="where notices and outcomes are posted, to be passed on")
    serve.add_argument("--base", metavar="URL", help="public address of this page: notices then carry the link")
    serve.add_argument(
        "--callback-key", metavar="FILE", help="file with the secret that they are signed with, mode 0600"
    )
