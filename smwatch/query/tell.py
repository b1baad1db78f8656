"""The parts of a query as clauses of one sentence: "in which X occurs", "from the site Y"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smwatch.i18n import Text, text
from smwatch.query.syntax import (
    CONDITIONS,
    LEAVES,
    Address,
    And,
    Compare,
    Exact,
    Fuzzy,
    In,
    Lang,
    ListOf,
    Near,
    Not,
    NotNear,
    Or,
    Phrase,
    Range,
    Sentence,
    Site,
    Value,
    Variants,
    Within,
    shown_number,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smwatch.query.syntax import Condition, Node

_MOST_ROWS = 12  # words of a list or OR that are named one by one
_OCCURS: Mapping[str, Text] = {
    "": text("in which {words} occurs"),
    "title": text("in whose title {words} occurs"),
    "lead": text("in whose lead {words} occurs"),
    "content": text("in whose text itself {words} occurs"),
    "author": text("whose author is {words}"),
}
_ABSENT: Mapping[str, Text] = {
    "": text("in which {words} does not occur"),
    "title": text("in whose title {words} does not occur"),
    "lead": text("in whose lead {words} does not occur"),
    "content": text("in whose text itself {words} does not occur"),
    "author": text("whose author is not {words}"),
}
_ALONE: Mapping[str, Text] = {
    "title": text("whose title alone counts: {condition}"),
    "lead": text("whose lead alone counts: {condition}"),
    "content": text("whose text alone counts, without title and lead: {condition}"),
    "author": text("whose author's name alone counts: {condition}"),
}
_VALUES: Mapping[str, Text] = {
    "country": text("that are from the country {value}"),
    "type": text("that are of the type {value}"),
    "subreddit": text("that are from the subreddit {value}"),
    "tag": text("that carry the tag {value}"),
    "source": text("that are from the source {value}"),
}
_CHOICES: Mapping[tuple[str, str], Text] = {
    ("is", "comment"): text("that are comments"),
    ("is", "reply"): text("that are replies"),
    ("is", "question"): text("that are questions"),
    ("is", "repost"): text("that are reposts"),
    ("contains", "image"): text("that hold a picture"),
    ("contains", "video"): text("that hold a video"),
    ("contains", "link"): text("that hold a link"),
    ("sentiment", "positive"): text("that have a positive tone"),
    ("sentiment", "neutral"): text("that have a neutral tone"),
    ("sentiment", "negative"): text("that have a negative tone"),
}
_NOT_VALUES: Mapping[str, Text] = {
    "country": text("that are not from the country {value} (or from none that is known)"),
    "type": text("that are not of the type {value} (or of none that is known)"),
    "subreddit": text("that are not from the subreddit {value}"),
    "tag": text("that do not carry the tag {value}"),
    "source": text("that are not from the source {value}"),
}
_NOT_CHOICES: Mapping[tuple[str, str], Text] = {
    ("is", "comment"): text("that are no comments"),
    ("is", "reply"): text("that are no replies"),
    ("is", "question"): text("that are no questions"),
    ("is", "repost"): text("that are no reposts"),
    ("contains", "image"): text("that hold no picture"),
    ("contains", "video"): text("that hold no video"),
    ("contains", "link"): text("that hold no link"),
    ("sentiment", "positive"): text("that have no positive tone (or none that is known)"),
    ("sentiment", "neutral"): text("that have no neutral tone (or none that is known)"),
    ("sentiment", "negative"): text("that have no negative tone (or none that is known)"),
}
_STANDS: Mapping[str, Text] = {
    "": text("in which this stands: {words}"),
    "title": text("in whose title this stands: {words}"),
    "lead": text("in whose lead this stands: {words}"),
    "content": text("in whose text itself this stands: {words}"),
}
_NUMBERS: Mapping[str, Text] = {
    "followers": text("whose author has {amount} followers"),
    "engagement": text("that have {amount} reactions"),
    "reach": text("that have a reach of {amount}"),
    "rating": text("that have a rating of {amount}"),
}
_AMOUNTS: Mapping[str, Text] = {
    "=": text("exactly {n}"),
    ">": text("more than {n}"),
    ">=": text("at least {n}"),
    "<": text("less than {n}"),
    "<=": text("at most {n}"),
}


class Teller:
    """Tells nodes in one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def say(self, sentence: Text, **values: object) -> str:
        """The sentence in this language, filled with `values`."""
        return (text(sentence.template, **values) if values else sentence).render(self.language)

    def condition(self, node: Node) -> str:  # noqa: PLR0911 - one clause a kind of node
        """A clause that fits behind "Finds items"."""
        if isinstance(node, CONDITIONS):
            return self._known(node)
        match node:
            case And():
                return self.listed([self._bracketed(child) for child in node.children], "and")
            case Or() if not words_only(node):
                return self.listed([self._bracketed(child) for child in node.children], "or")
            case Not():
                return self._negated(node.child)
            case In():
                return self._inside(node)
            case ListOf():
                return self.say(text("in which a word of the list {name} occurs", name=self.quoted(node.name)))
            case Near() | NotNear() | Sentence() | Within():
                return self._placed(node)
        return self.say(_OCCURS[""], words=self.words(node))

    def words(self, node: Node) -> str:  # noqa: PLR0911 - one a kind of node
        """A word, or a row of words, as a part of a clause."""
        match node:
            case Or():
                return self._row(node)
            case Phrase() if len(node.text.split()) > 1:
                return self.say(text("{phrase} (in just this order)", phrase=self.quoted(node.text)))
            case Exact() if node.cased:
                return self.say(text("{word} (in just this spelling)", word=self.quoted(node.text)))
            case Exact():
                return self.say(
                    text("{word} (in just this spelling, small or in capitals)", word=self.quoted(node.text))
                )
            case Fuzzy():
                return self._fuzzy(node)
            case Variants():
                word = self.quoted(node.text)
                return self.say(text("{word} (in one word, with a hyphen or in two words)", word=word))
            case ListOf():
                return self.say(text("a word of the list {name}", name=self.quoted(node.name)))
            case Near() | NotNear() | Sentence() | Within():
                return f"({self._beside(node)})"
        return self.quoted(getattr(node, "text", str(node)))

    def quoted(self, word: str) -> str:
        """`word` in this language's quotation marks."""
        return f"„{word}“" if self.language.startswith("de") else f"“{word}”"

    def listed(self, rows: Sequence[str], joint: str) -> str:
        """`rows` with commas and a last "and", "or" or "nor"."""
        if len(rows) == 1:
            return rows[0]
        known = {
            "and": text("{rows} and {last}"),
            "or": text("{rows} or {last}"),
            "nor": text("neither {rows} nor {last}"),
        }[joint]
        return self.say(known, rows=", ".join(rows[:-1]), last=rows[-1])

    # words

    def _row(self, node: Or, joint: str = "or") -> str:
        rows = [self.words(child) for child in node.children]
        if len(rows) > _MOST_ROWS:
            rest = len(rows) - _MOST_ROWS
            rows = [*rows[:_MOST_ROWS], self.say(text("one of {n} more", n=rest))]
        return self.listed(rows, joint)

    def _fuzzy(self, node: Fuzzy) -> str:
        word = self.quoted(node.text)
        if node.edits == 1:
            return self.say(text("{word} (also with one wrong letter)", word=word))
        return self.say(text("{word} (also with up to {n} wrong letters)", word=word, n=node.edits))

    # operators of place

    def _placed(self, node: Near | NotNear | Sentence | Within) -> str:
        if isinstance(node, NotNear):
            left, right = self._side(node.left), self._side(node.right)
            clause = text("in which {left} stands at least once without {right} near it ({gap})")
            return self.say(clause, left=left, right=right, gap=self._gap(node.distance))
        return self.say(_STANDS[""], words=self._beside(node))

    def _beside(self, node: Near | NotNear | Sentence | Within) -> str:
        if isinstance(node, Within):
            return self._among(node)
        left, right = self._side(node.left), self._side(node.right)
        match node:
            case Near() if node.ordered:
                return self.say(
                    text("{left} before {right}, {gap}", left=left, right=right, gap=self._gap(node.distance))
                )
            case Near():
                clause = text("{left} near {right}, {gap}, in any order")
                return self.say(clause, left=left, right=right, gap=self._gap(node.distance))
            case Sentence() if node.ordered:
                return self.say(text("{left} before {right} in one sentence", left=left, right=right))
            case Sentence():
                return self.say(text("{left} and {right} in one sentence", left=left, right=right))
            case NotNear():
                clause = text("{left} without {right} near it, {gap}")
                return self.say(clause, left=left, right=right, gap=self._gap(node.distance))

    def _among(self, node: Within) -> str:
        rows = self.listed([self._side(child) for child in node.children], "and")
        if node.distance == 0:
            return self.say(text("{rows} side by side in any order", rows=rows))
        if node.distance == 1:
            return self.say(text("{rows} with at most one other word among them, in any order", rows=rows))
        return self.say(
            text("{rows} with at most {n} other words among them, in any order", rows=rows, n=node.distance)
        )

    def _side(self, node: Node) -> str:
        told = self.words(node)
        return f"({told})" if isinstance(node, Or) else told

    def _gap(self, words: int) -> str:
        if words == 0:
            return self.say(text("no word between"))
        if words == 1:
            return self.say(text("at most one word between"))
        return self.say(text("at most {n} words between", n=words))

    # conditions

    def _known(self, node: Condition) -> str:  # noqa: PLR0911 - one a kind of condition
        match node:
            case Site():
                return self.say(text("that are from the site {site} and its subdomains", site=self.quoted(node.text)))
            case Lang():
                return self.say(text("that are in the language {code}", code=self.quoted(node.text)))
            case Address() if node.name == "links":
                return self.say(text("that link to an address with {part}", part=self.quoted(node.text)))
            case Address():
                return self.say(text("whose address holds {part}", part=self.quoted(node.text)))
            case Value() if (node.name, node.text) in _CHOICES:
                return self.say(_CHOICES[node.name, node.text])
            case Value():
                return self.say(_VALUES[node.name], value=self.quoted(node.text))
            case Compare():
                amount = self.say(_AMOUNTS[node.sign], n=shown_number(node.number))
                return self.say(_NUMBERS[node.name], amount=amount)
            case Range():
                return self.say(_NUMBERS[node.name], amount=self._between(node))

    def _between(self, node: Range) -> str:
        if node.low is None and node.high is None:
            return self.say(text("a known number of"))
        if node.high is None:
            return self.say(_AMOUNTS[">="], n=shown_number(node.low or 0))
        if node.low is None:
            return self.say(_AMOUNTS["<="], n=shown_number(node.high))
        return self.say(text("{low} to {high}", low=shown_number(node.low), high=shown_number(node.high)))

    # what joins

    def _bracketed(self, node: Node) -> str:
        told = self.condition(node)
        return f"({told})" if isinstance(node, And | Or) and not words_only(node) else told

    def _negated(self, child: Node) -> str:
        match child:
            case In() if words_only(child.child):
                return self._absent(child.child, child.name)
            case _ if words_only(child):
                return self._absent(child)
            case Near() | Sentence() | Within():
                return self.say(text("in which this does not stand: {words}", words=self._beside(child)))
            case _ if isinstance(child, CONDITIONS):
                return self._unknown(child)
        return self.say(text("for which this does not hold: {condition}", condition=self._bracketed(child)))

    def _absent(self, node: Node, field: str = "") -> str:
        """Words of which none occurs."""
        if isinstance(node, Or):
            return self.say(_OCCURS[field], words=self._row(node, "nor"))
        return self.say(_ABSENT[field], words=self.words(node))

    def _unknown(self, node: Condition) -> str:  # noqa: PLR0911 - one clause a kind of condition
        """A condition that does not hold."""
        match node:
            case Site():
                return self.say(text("that are not from the site {site}", site=self.quoted(node.text)))
            case Lang():
                code = self.quoted(node.text)
                return self.say(text("that are not in the language {code} (or in none that is known)", code=code))
            case Address() if node.name == "links":
                return self.say(text("that link to no address with {part}", part=self.quoted(node.text)))
            case Address():
                return self.say(text("whose address does not hold {part}", part=self.quoted(node.text)))
            case Value() if (node.name, node.text) in _NOT_CHOICES:
                return self.say(_NOT_CHOICES[node.name, node.text])
            case Value():
                return self.say(_NOT_VALUES[node.name], value=self.quoted(node.text))
        inner = self.condition(node)
        return self.say(text("for which this does not hold or is not known: {condition}", condition=inner))

    def _inside(self, node: In) -> str:
        if words_only(node.child):
            return self.say(_OCCURS[node.name], words=self.words(node.child))
        if node.name in _STANDS and isinstance(node.child, Near | Sentence | Within):
            return self.say(_STANDS[node.name], words=self._beside(node.child))
        return self.say(_ALONE[node.name], condition=f"({self.condition(node.child)})")


def words_only(node: Node) -> bool:
    """Whether `node` is a word or a row of words."""
    if isinstance(node, Or):
        return all(words_only(child) for child in node.children)
    return isinstance(node, LEAVES)
