"""What in this HTML will not be shown, and should be said so?

Only for telling people: nothing of the markup is released whatever this finds. What pandas writes around every
table is not worth a word.
"""

import re
from collections.abc import Iterator

_PANDAS_STYLE = re.compile(
    r"\s*(?:\.dataframe [a-z ]+(?::[a-z-]+(?:\([a-z-]+\))?)?(?: th)? \{\s*(?:vertical-align|text-align): [a-z]+;\s*\}\s*)*"
)
_STYLE_ELEMENT = re.compile(r"<style[^<>]*>(.*?)(?:</style|\Z)", re.IGNORECASE | re.DOTALL)
_INLINE_STYLE = re.compile(
    r"<[a-z][^<>]*\sstyle\s*=\s*(?:\"([^\"<>]*)\"|'([^'<>]*)'|([^\s<>\"']+))", re.IGNORECASE
)
_ALIGNMENT = re.compile(r"\s*(?:(?:text|vertical)-align:\s*(?:left|right|center|top|middle)\s*;?\s*)*")

# What is looked for, what it is called, why it goes.
_ELEMENTS = (
    (r"<script[\s/>]", "a script", "nothing of a notebook may run in front of a reviewer"),
    (
        r"<(?:iframe|object|embed|frame|applet)[\s/>]",
        "an embedded page or object",
        "it would load something from elsewhere",
    ),
    (
        r"<(?:link|base|meta)[\s/>]",
        "a link to a resource or a redirect",
        "it would load something from elsewhere",
    ),
    (r"<(?:form|input|button|textarea|select)[\s/>]", "a form", "nobody can send anything from a review"),
    (
        r"<(?:img|picture|video|audio|source|canvas)[\s/>]",
        "a picture within HTML",
        "figures are released as PNG outputs",
    ),
    (r"<(?:svg|math)[\s/>]", "a drawing within HTML", "vector drawings hold the data they were drawn from"),
    (r"<(?:template|noscript)[\s/>]", "a part that no browser shows", "what is not seen is not released"),
    (r"<!--", "a comment", "it is not seen"),
    (r"<[a-z][^<>]*\stitle\s*=", "a tooltip (title attribute)", "it is not seen"),
    (r"<[a-z][^<>]*\sdata-[a-z]", "data attributes", "they are not seen"),
    (r"<[a-z][^<>]*\shidden[\s=/>]", "a part marked as hidden", "it is shown all the same"),
    (
        r"<[a-z][^<>]*\son[a-z]+\s*=",
        "an event handler",
        "nothing of a notebook may run in front of a reviewer",
    ),
    (r"<a[^<>]*\shref\s*=", "the target of a link", "a released page links to nowhere"),
)
_TRACES = tuple((re.compile(pattern, re.IGNORECASE), what, why) for pattern, what, why in _ELEMENTS)


def traces(html: str) -> Iterator[tuple[str, str]]:
    """(what, why) for each sort of thing that the reading of this HTML leaves out."""
    for pattern, what, why in _TRACES:
        if pattern.search(html):
            yield what, why
    if _is_styled(html):
        yield "styles", "they could hide or colour away text; all text is shown plainly"


def _is_styled(html: str) -> bool:
    if any(not _PANDAS_STYLE.fullmatch(match[1]) for match in _STYLE_ELEMENT.finditer(html)):
        return True
    styles = (match[1] or match[2] or match[3] or "" for match in _INLINE_STYLE.finditer(html))
    return any(not _ALIGNMENT.fullmatch(style) for style in styles)
