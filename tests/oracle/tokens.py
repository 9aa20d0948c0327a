"""Tokens of any tokenizer of Qwen's kind: what it makes of a text is a list of these."""

from __future__ import annotations

from hypothesis import strategies as st


def _text(alphabet: str, most: int) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=1, max_size=most)


_LETTERS = _text("abcXYZéñßжЯλע", 12)
_WORDS = st.builds(
    str.__add__, st.sampled_from(["", " ", "\t", "(", ".", "<", "'", "_", "/", "\u00a0", "—"]), _LETTERS
)
TOKENS = st.one_of(
    _WORDS,
    _text("0123456789", 3),
    _text("中文分词かなカナ한글", 4),
    _text(" ", 128),
    _text(" \t\n\r", 8),
    _text("-=*/<>{}()[]\"'`_.,:;!?\\|@#$%^&+~", 16),
    st.sampled_from(["🙂", "“", "…", "\u00a0", "\u3000", "\ufeff", "<|im_start|>", "</think", " don't"]),
)
