"""Answer other gateways: what is in force for an account, and whether a call may be made.

Three forms of one question: plain JSON, LiteLLM's generic guardrail API, Envoy's ext_authz over HTTP. Each takes one
request from the account's buckets, as a call through the proxy would.
"""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from stillwatch.enforcement.barriers.base import Call, Refusal, Shape
from stillwatch.model.errors import InputError
from stillwatch.model.pseudonym import pseudonym_value
from stillwatch.serve.gateway.enforce import MARKS, Applied
from stillwatch.serve.gateway.proxy import heads
from stillwatch.serve.gateway.proxy.answering import send_answer
from stillwatch.serve.gateway.proxy.flow import Parts, read_body
from stillwatch.serve.gateway.proxy.sse import ENCODE
from stillwatch.serve.gateway.refuse import Answer, refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stillwatch.model.decision import Standing

DECIDE: Final = "/v1/decide"
GUARDRAIL: Final = "/beta/litellm_basic_guardrail_api"
EXT_AUTHZ: Final = "/ext_authz"
_MOST_NAME: Final = 256
SECRET_HEADER: Final = b"x-stillwatch-secret"
_UNAUTHORISED: Final = Refusal(401, "unauthorised", "send the secret of the decision endpoint as a bearer token")


_Name: TypeAlias = Annotated[str, msgspec.Meta(max_length=_MOST_NAME)]


class Question(msgspec.Struct, forbid_unknown_fields=True):
    """Body of ``/v1/decide``; one of ``account`` and ``pseudonym``."""

    account: _Name = ""
    """Account, as it is named elsewhere."""
    pseudonym: _Name = ""
    """Pseudonym of the account, ``a_...``."""
    credential: _Name = ""
    """Name of the credential used, for its bucket; any text that stays the same."""
    shape: Shape = "other"
    """Form of ``request``."""
    request: dict[str, Any] | None = None
    """The request; comes back changed where a barrier changes it."""


class Told(msgspec.Struct, omit_defaults=True):
    """Answer of ``/v1/decide``."""

    decision: Literal["allow", "limit", "refuse"]
    """``limit``: allowed, but delayed or under barriers."""
    standing: str = "observe"
    """What is in force."""
    clause: str = ""
    """Clause it rests on."""
    decision_id: str = ""
    """Decision it rests on."""
    until_ms: int = 0
    """Until when (ms since 1970)."""
    delay_ms: int = 0
    """How long to wait before the call is made (ms)."""
    retry_after_s: int = 0
    """Seconds after which a refused call may pass."""
    status: int = 200
    """HTTP status to answer with."""
    error: dict[str, Any] | None = None
    """Body to answer with where the call is refused, in the shape of ``shape``."""
    barriers: list[str] | None = None
    """Barriers that would apply to the answer, which the asker has to apply."""
    request: dict[str, Any] | None = None
    """The request to make in place of the one asked about; missing where it stays."""


class _Who(msgspec.Struct):
    user_api_key_hash: Any = None
    user_api_key_team_id: Any = None
    user_api_key_org_id: Any = None


class _Guarded(msgspec.Struct):
    request_data: _Who
    input_type: Literal["request", "response"]
    texts: list[str] | None = None


_QUESTION: Final = msgspec.json.Decoder(Question)
_GUARDED: Final = msgspec.json.Decoder(_Guarded)
_ERRORS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_ALLOW: Final = ENCODE(Told("allow"))
_NONE: Final = b'{"action":"NONE"}'
_SHAPE_OF: Final = {b"/messages": "messages", b"/responses": "responses", b"/chat/completions": "chat"}


class Decider:
    """The decision endpoint."""

    def __init__(self, parts: Parts, secret: bytes) -> None:
        self._parts = parts
        self._secret = secret
        self._delayed = 0

    def authorised(self, headers: list[tuple[bytes, bytes]]) -> bool:
        """Whether the asker knows the secret; compared in constant time."""
        if not self._secret:
            return False
        for name, value in headers:
            given = value
            if name == b"authorization" and value[:7].lower() == b"bearer ":
                given = value[7:].strip()
            elif name not in {b"x-api-key", SECRET_HEADER}:
                continue
            if hmac.compare_digest(given, self._secret):
                return True
        return False

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Any]) -> None:  # noqa: ANN401
        """Answer one question."""
        path, call_id = scope["path"], self._parts.new_id()
        answer = await self._answer(path, scope, receive, call_id)
        if isinstance(answer, Refusal):
            answer = refused(answer, "other", call_id)
        await send_answer(send, answer, call_id, [])

    async def _answer(
        self,
        path: str,
        scope: Any,  # noqa: ANN401
        receive: Callable[[], Awaitable[Any]],
        call_id: str,
    ) -> Answer | Refusal:
        if not self.authorised(scope["headers"]):
            return _UNAUTHORISED
        if path.startswith(EXT_AUTHZ):
            return self._ext_authz(scope, call_id)
        if scope["method"] != "POST":
            return Refusal(405, "method_not_allowed", "this path takes POST", allow="POST")
        body = await read_body(receive, self._parts.settings.limits.body_bytes)
        if isinstance(body, Refusal):
            return body
        if path == DECIDE:
            return self.decide(body, call_id)
        answer, delay_ms = self.guard(body, call_id)
        if delay_ms and self._delayed < self._parts.settings.limits.delayed:
            # LiteLLM knows no delay: it waits for this answer instead.
            self._delayed += 1
            try:
                await asyncio.sleep(delay_ms / 1000)
            finally:
                self._delayed -= 1
        return answer

    def decided(self, headers: list[tuple[bytes, bytes]], body: bytes, *, keep: bool) -> bytes:
        """Answer plain JSON with all bytes of an answer, for a connection that needs nothing else."""
        return self._whole(self.decide, headers, body, keep=keep) or b""

    def guarded(self, headers: list[tuple[bytes, bytes]], body: bytes, *, keep: bool) -> bytes | None:
        """Answer LiteLLM so; None for an account of which something is asked, whose answer may have to wait."""
        return self._whole(self._guarded_plain, headers, body, keep=keep)

    def _whole(
        self,
        act: Callable[[bytes, str], Answer | Refusal | None],
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        *,
        keep: bool,
    ) -> bytes | None:
        call_id = self._parts.new_id()
        answer: Answer | Refusal | None
        try:
            answer = act(body, call_id) if self.authorised(headers) else _UNAUTHORISED
        except Exception:  # noqa: BLE001  a fault of ours must end one question, not the connection
            self._parts.counts.add("faults")
            answer = Refusal(500, "gateway_fault", "the gateway failed; name the request id to its operator")
        if answer is None:
            return None
        if isinstance(answer, Refusal):
            answer = refused(answer, "other", call_id)
        further = b"".join([b"%b: %b\r\n" % pair for pair in answer.headers])
        return b"%bcontent-type: application/json\r\ncontent-length: %d\r\nx-request-id: %b\r\n%b%b\r\n%b" % (
            STATUS_LINE[answer.status],
            len(answer.body),
            call_id.encode(),
            further,
            b"" if keep else b"connection: close\r\n",
            answer.body,
        )

    def decide(self, body: bytes, call_id: str) -> Answer | Refusal:
        """Answer plain JSON.

        Parameters
        ----------
        body
            A ``Question``.
        call_id
            Our id, named in an error to pass on.
        """
        parts = self._parts
        try:
            asked = _QUESTION.decode(body)
        except _ERRORS as error:
            return heads.refused(f"the question cannot be read: {str(error)[:200]}")
        account = self._account(asked)
        if isinstance(account, Refusal):
            return account
        now_ms = parts.now_ms()
        standing = parts.standing(account, now_ms)
        if isinstance(standing, Refusal):
            self._count("decide", "refuse")
            return Answer(200, ENCODE(_refusing(standing, "unknown", asked.shape, call_id)))
        if not parts.enforcer.concerns(standing.action):
            self._count("decide", "allow")
            return Answer(200, _ALLOW)
        applied = Applied(Call(asked.shape, standing))
        told = self._judged(applied, (account, asked.credential), asked, now_ms, call_id)
        self._written(applied, account, call_id, now_ms)
        self._count("decide", told.decision)
        return Answer(200, ENCODE(told))

    def _account(self, asked: Question) -> int | Refusal:
        if bool(asked.account) == bool(asked.pseudonym):
            return heads.refused("name one of account and pseudonym")
        if asked.account:
            return self._parts.callers.account(asked.account)
        try:
            return pseudonym_value(asked.pseudonym)
        except InputError:
            return heads.refused("pseudonym is no account pseudonym, a_ and 13 characters")

    def _judged(self, applied: Applied, owner: tuple[int, str], asked: Question, now_ms: int, call_id: str) -> Told:
        enforcer, standing = self._parts.enforcer, applied.call.standing
        word = standing.action.name.lower()
        refusal = enforcer.gate(applied, owner, now_ms)
        if refusal is not None:
            told = _refusing(refusal, word, asked.shape, call_id)
            told.until_ms, told.clause, told.decision_id = standing.until_ms, standing.clause, standing.decision
            return told
        changed = asked.request
        if asked.request is not None and enforcer.asks(applied.call):
            changed = enforcer.ask(asked.request, applied)
        later = [one.name for one in enforcer.answers(applied.call) if one.name not in MARKS]
        return Told(
            "limit" if applied.barriers or later else "allow",
            word,
            standing.clause,
            standing.decision,
            standing.until_ms,
            applied.delay_ms,
            barriers=later or None,
            request=changed if changed is not asked.request else None,
        )

    def guard(self, body: bytes, call_id: str) -> tuple[Answer | Refusal, int]:
        """Answer LiteLLM's generic guardrail API, and say after how long (ms); the id stands in our records."""
        found = self._guarding(body)
        if not isinstance(found, tuple):
            return found, 0
        asked, account, standing = found
        parts, now_ms = self._parts, self._parts.now_ms()
        applied, key = Applied(Call("chat", standing)), asked.request_data.user_api_key_hash
        if asked.input_type == "response":
            answer = self._texts(applied, asked.texts or [])
            self._written(applied, account, call_id, now_ms)
            return answer, 0
        refusal = parts.enforcer.gate(applied, (account, key if _named(key) else ""), now_ms)
        self._written(applied, account, call_id, now_ms)
        if refusal is not None:
            return self._guarded("BLOCKED", _blocked(refusal)), 0
        return self._guarded("NONE", _NONE), applied.delay_ms

    def _guarded_plain(self, body: bytes, _call_id: str) -> Answer | Refusal | None:
        found = self._guarding(body)
        return None if isinstance(found, tuple) else found

    def _guarding(self, body: bytes) -> Answer | Refusal | tuple[_Guarded, int, Standing]:
        """Read LiteLLM's question: the answer, or whose call it is where something is asked of them."""
        parts = self._parts
        try:
            asked = _GUARDED.decode(body)
        except _ERRORS as error:
            return heads.refused(f"the question cannot be read: {str(error)[:200]}")
        who = asked.request_data
        names = (who.user_api_key_team_id, who.user_api_key_org_id, who.user_api_key_hash)
        name = next((one for one in names if _named(one)), "")
        # Nobody is restricted for what a gateway did not say, unless the settings ask for it.
        if not name:
            if parts.settings.fail == "open":
                return self._guarded("NONE", _NONE)
            nobody = Refusal(403, "no_account", "the gateway in front does not say whose call this is")
            return self._guarded("BLOCKED", _blocked(nobody))
        account = parts.callers.account(name)
        standing = parts.standing(account, parts.now_ms())
        if isinstance(standing, Refusal):
            return self._guarded("BLOCKED", _blocked(standing))
        if not parts.enforcer.concerns(standing.action):
            return self._guarded("NONE", _NONE)
        return asked, account, standing

    def _texts(self, applied: Applied, texts: list[str]) -> Answer:
        answer = {"choices": [{"message": {"content": text}} for text in texts]}
        changed = self._parts.enforcer.answer(answer, applied)
        if changed is answer:
            return self._guarded("NONE", _NONE)
        shown = [choice["message"]["content"] for choice in changed["choices"]]
        return self._guarded("GUARDRAIL_INTERVENED", ENCODE({"action": "GUARDRAIL_INTERVENED", "texts": shown}))

    def _written(self, applied: Applied, account: int, call_id: str, now_ms: int) -> None:
        """Write down what barriers changed, as for a call of our own."""
        if (entry := applied.record(account)) is not None:
            self._parts.sink.applied({"call": call_id, "ts_ms": now_ms, **entry})

    def _guarded(self, outcome: str, body: bytes) -> Answer:
        self._count("litellm", outcome.lower())
        return Answer(200, body)

    def _ext_authz(self, scope: Any, call_id: str) -> Answer | Refusal:  # noqa: ANN401
        parts = self._parts
        raw = scope["raw_path"]
        shape: Any = next((shape for end, shape in _SHAPE_OF.items() if raw.endswith(end)), "other")
        headers = [pair for pair in scope["headers"] if pair[0] != SECRET_HEADER]
        head = heads.read_head(headers, parts.callers.header)
        found = head if isinstance(head, Refusal) else parts.callers.find(head, scope["client"][0])
        if isinstance(found, Refusal):
            return self._denied(found, shape, call_id)
        now_ms = parts.now_ms()
        standing = parts.standing(found.account, now_ms)
        if isinstance(standing, Refusal):
            return self._denied(standing, shape, call_id)
        told = [(b"x-stillwatch-standing", standing.action.name.lower().encode())]
        if parts.enforcer.concerns(standing.action):
            applied = Applied(Call(shape, standing))
            refusal = parts.enforcer.gate(applied, (found.account, found.credential), now_ms)
            self._written(applied, found.account, call_id, now_ms)
            if refusal is not None:
                return self._denied(refusal, shape, call_id)
            told.append((b"x-stillwatch-decision", standing.decision.encode("ascii", "ignore")))
            told.append((b"x-stillwatch-delay-ms", b"%d" % applied.delay_ms))
        self._count("ext_authz", "allow")
        return Answer(200, b"{}", tuple(told))

    def _denied(self, refusal: Refusal, shape: Shape, call_id: str) -> Answer:
        self._count("ext_authz", "refuse")
        return refused(refusal, shape, call_id)

    def _count(self, form: str, outcome: str) -> None:
        self._parts.counts.add("decisions", ("form", form), ("outcome", outcome))


def _named(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MOST_NAME


def _refusing(refusal: Refusal, standing: str, shape: Shape, call_id: str) -> Told:
    return Told(
        "refuse",
        standing,
        refusal.clause,
        refusal.decision,
        retry_after_s=refusal.retry_after_s,
        status=refusal.status,
        error=msgspec.json.decode(refused(refusal, shape, call_id).body),
    )


def _blocked(refusal: Refusal) -> bytes:
    link = f" ({refusal.link})" if refusal.link else ""
    return ENCODE({"action": "BLOCKED", "blocked_reason": f"{refusal.code}: {refusal.sentence}{link}"})
