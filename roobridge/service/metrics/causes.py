"""The words for what went wrong that metrics may use.

Upstreams choose some of an error's codes, and metrics keep each word that they have seen: those here are the
bridge's own.
"""

from __future__ import annotations

OTHER = "other"

_CLIENT = """
    ambiguous_length body_too_large host_not_allowed images_refused internal_error invalid_api_key
    invalid_json invalid_request method_not_allowed model_not_found no_matching_tape not_found
    origin_not_allowed timeout unknown_upstream unsupported_content unsupported_encoding
    unsupported_media_type
"""
_UPSTREAM = """
    access_denied bad_frame bad_parent bad_response broken_off chat_busy chat_not_found
    context_length_exceeded empty_stream insufficient_quota not_a_reply queue_full queue_timeout
    rate_limit_exceeded reply_too_large silence token_expired tools_unsupported unreachable upstream_error
    upstream_timeout waf_busy waf_captcha
"""
_REPLY = """
    broken_again cancelled degenerate incomplete_call misread_call shutting_down superseded too_many_turns
    unfinished_call unfinished_text unreadable_call
"""
CODES = frozenset((_CLIENT + _UPSTREAM + _REPLY).split())

# OpenAI's words for an error's type: where an upstream chose the code, they still tell what is the matter.
KINDS = frozenset({"authentication_error", "invalid_request_error", "permission_error", "rate_limit_error"})


def cause_of(code: str, kind: str = "") -> str:
    """The code of an error, else its kind, whichever is one of these; else OTHER."""
    return next((word for word in (code, kind) if word in CODES or word in KINDS), OTHER)
