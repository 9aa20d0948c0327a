"""What is known about the text outside every call."""

from __future__ import annotations

from roobridge.events import Text
from roobridge.parser.markdown import Markdown
from roobridge.parser.output import Output


class Content:
    """What decides whether a tag there is a call, a mention or noise.

    markdown: where in it this point is. after_call: nothing but white space since the last call. thought:
    reasoning was seen. thinking: the name of the thinking tag that is open. examples: a tag in a block may
    still turn out to be the call. loose: the completion's own closing tag may still come. fence_head: the
    opening line of a fence whose body begins with a call.
    """

    def __init__(self, output: Output) -> None:
        self.markdown = Markdown()
        self.after_call = False
        self.thought = False
        self.thinking = ""
        self.examples = True
        self.loose = True
        self.fence_head = ""
        self._output = output
        self._mentioned: dict[str, int] = {}  # opening tags that stand as text, by name

    def text(self, raw: str) -> None:
        """This is text."""
        if not raw:
            return
        if self.after_call and not raw.isspace():
            self.after_call = False
        self._output.emit(Text(raw))

    def absorbed(self, raw: str) -> None:
        """This is text after all, which Markdown was not told of."""
        self.markdown.absorb(raw)
        self.text(raw)

    def call_ended(self) -> None:
        self.after_call = True
        if self._output.example is None:
            self.markdown.tag()

    def mention(self, tag: str) -> None:
        """An opening tag stands as text: its closing tag will not be noise."""
        name = tag.strip("<>").partition("=")[0]
        self._mentioned[name] = self._mentioned.get(name, 0) + 1

    def was_mentioned(self, name: str) -> bool:
        """Whether a closing tag belongs to an opening one that stands as text; that one is used up then."""
        if not self._mentioned.get(name):
            return False
        self._mentioned[name] -= 1
        return True
