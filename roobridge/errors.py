"""What can go wrong, and whose fault it is.

    RoobridgeError
     ├─ SettingsError    the operator's: a setting, a grammar file, a tape
     ├─ ClientError      the client's: a request that cannot be served as it stands
     ├─ UpstreamError    the upstream's: refused, broken off, silent, out of quota
     └─ ReplyError       the model's: a reply that may not be delivered as it stands

Each carries `status_hint`, the HTTP status a web layer would choose, and the words of OpenAI's
error shape (`type`, `code`, `param`). Nothing here knows HTTP.
"""

from __future__ import annotations


class RoobridgeError(Exception):
    """Base of all errors raised on purpose; never raised itself.

    message: one sentence for the user, naming the cause and, where there is one, the next step.
    code: a short stable word for programs. param: the field at fault, in dotted form.
    status_hint: the HTTP status that fits. retry_after: seconds to wait, where the cause says so.
    """

    kind = "api_error"

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        param: str | None = None,
        status_hint: int = 500,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.status_hint = status_hint
        self.retry_after = retry_after


class SettingsError(RoobridgeError):
    """The operator's: raised before anything is served."""

    kind = "settings_error"


class ClientError(RoobridgeError):
    """The client's request cannot be served as it stands."""

    kind = "invalid_request_error"

    def __init__(
        self, message: str, *, code: str = "invalid_request", param: str | None = None, status_hint: int = 400
    ) -> None:
        super().__init__(message, code=code, param=param, status_hint=status_hint)


class UpstreamError(RoobridgeError):
    """The upstream refused, broke off, fell silent or ran out of quota.

    kind (an attribute of the instance) is OpenAI's `type` word: "authentication_error",
    "insufficient_quota", "rate_limit_error", "invalid_request_error", "api_error", ...
    answered: the HTTP status that the upstream itself gave, 0 where it gave none; clients get `status_hint`.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str = "api_error",
        code: str = "upstream_error",
        param: str | None = None,
        status_hint: int = 502,
        retry_after: float | None = None,
        answered: int = 0,
    ) -> None:
        super().__init__(message, code=code, param=param, status_hint=status_hint, retry_after=retry_after)
        self.kind = kind
        self.answered = answered


class ReplyError(RoobridgeError):
    """The model's reply may not be delivered: unfinished, degenerate, or misread by the client."""

    kind = "reply_error"

    def __init__(self, message: str, *, code: str, status_hint: int = 502) -> None:
        super().__init__(message, code=code, status_hint=status_hint)
