"""From a name to a query: the spellings that the query language covers by itself need no words here."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from smwatch.errors import QueryError, UserError
from smwatch.i18n import Text, text
from smwatch.message.escape import tame
from smwatch.model import Item
from smwatch.query import parse
from smwatch.query.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORT = 3  # letters; a name of so few is part of everything
_FORM = re.compile(
    r"(?:,?\s+(?:gGmbH|GmbH(?:\s*&\s*Co\.?(?:\s*KGa?A?)?)?|AG|SE|KG|KGaA|OHG|e\.?\s?V\.?|eG|UG|S\.?A\.?|S\.?p\.?A\.?|"
    r"B\.?V\.?|N\.?V\.?|Ltd\.?|LLC|Inc\.?|Corp\.?|PLC|plc|S\.?à\.?r\.?l\.?|Co\.?))+$"
)
LETTERS = {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe"}
_PLAIN = re.compile(r"\w[\w&.'’+-]*")
_COMMON = (
    "adler apfel apollo apple arcade arche arena atlas aurora avant balance base bild blau block boss bravo brücke "
    "burg chance charme city click cloud coach comfort compass cosmos dash diamant direkt dove eagle echo edel "
    "einhorn element engel enterprise ergo extra fackel falke familie fantasia felix focus fokus forum freenet "
    "freude frisch galaxy gap garant gold harmonie hero hirsch horizon ideal impuls insel iris jaguar kaiser karma "
    "kompass konsum korn kraft krone leo lidl linde link lotus lux magnum mars maxi meridian meta metro mond nest "
    "neon nike nordsee nova ocean oase oracle orange orbit orion otto panda panther paradies penny perle phoenix "
    "pilot planet plus polo post premium prima prime profi puls puma quelle rabe real regal rewe ring rose rot ruby "
    "saga sage sense sharp shell signal silber sky smart solo sonne spark spiegel sprint stadt star stern strom "
    "studio sun super swan swift target taxi tide time titan total tower trend union uno vertex visa vision vista "
    "vita volt wave welt wiesel wind wolf zeit zenit zeus zoom "
)
_SURNAMES = (
    "bauer baumann beck becker berger brandt braun fischer frank friedrich fuchs günther hahn hartmann hoffmann "
    "huber jung kaiser keller klein koch köhler kraus krüger lang lange lehmann lorenz maier martin mayer meier "
    "meyer müller neumann peters pohl richter roth sauer schäfer schmid schmidt schmitt schmitz schneider scholz "
    "schröder schubert schulte schulz schulze schwarz seidel simon sommer stein vogel vogt voigt wagner walter "
    "weber weiß werner winkler winter wolf wolff ziegler zimmermann anderson brown clark davis harris jackson "
    "johnson jones lewis miller moore robinson smith taylor thomas thompson walker white williams wilson wright "
)


COMMON, SURNAMES = frozenset(_COMMON.split()), frozenset(_SURNAMES.split())


def short_name(brand: str) -> str:
    """The name as people use it, without its legal form: "Acme GmbH & Co. KG" is "Acme"."""
    name = " ".join(tame(brand).split()).strip("„“”\"'»«")
    return _FORM.sub("", name) or name


def query_for(brand: str) -> str:
    """A query that finds the brand: its name, as a phrase where it has several words, and those words joined (tags).

    Raises UserError for a name that nothing can be found by.
    """
    name = short_name(brand)
    term = _term(name)
    joined = "".join(re.findall(r"\w+", _bare(name)))
    both = f"{term} OR {joined}"
    return both if " " in name and len(joined) > SHORT and _works(both, name) else term


def query_for_all(names: Sequence[str]) -> str:
    """One query for several names, each as a word or phrase; raises UserError as `query_for`."""
    return " OR ".join(_term(short_name(name)) for name in names)


def _term(name: str) -> str:
    """The name as one term: a bare word where that finds it, else in quotation marks."""
    bare = _bare(name)
    if _PLAIN.fullmatch(bare) and _works(bare, name):
        return bare
    if not _works(_quoted(bare), name):
        raise UserError(text("“{name}” holds no word that could be looked for", name=name))
    return _quoted(bare)


def _bare(name: str) -> str:
    """Without accents, so that both spellings are found (a term with an accent finds only its own); umlauts stay."""
    return "".join(sign if sign in "äöüÄÖÜ" else _base(sign) for sign in unicodedata.normalize("NFC", name))


def _base(sign: str) -> str:
    if sign in LETTERS:
        return LETTERS[sign]
    return unicodedata.normalize("NFC", re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", sign)))


def finds(query: str, words: str) -> bool:
    """Whether `query` parses and finds a title of `words`."""
    return _works(query, words)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', " ").strip() + '"'


def _works(query: str, name: str) -> bool:
    try:
        engine = Engine({"brand": parse(query)})
    except QueryError:
        return False
    return any(True for _ in engine.match(Item(id="1", source="init", title=name)))


def hints(brand: str) -> tuple[Text, ...]:
    """What to know about the name as a search word: what it cannot tell apart, and what it does not find."""
    name = short_name(brand)
    return (*_ambiguous(name), *_compounds(name))


def _ambiguous(name: str) -> tuple[Text, ...]:
    word = name.casefold()
    example = f"{name} AND (… OR …)"
    if len(name) <= SHORT and name.isalpha():
        short = text("“{name}” is so short that it stands for many things; better with a second word: {example}",
                     name=name, example=example)  # fmt: skip
        return (short,)
    if word in SURNAMES:
        surname = text("“{name}” is also a common surname; better with a second word: {example}",
                       name=name, example=example)  # fmt: skip
        return (surname,)
    if word in COMMON:
        common = text("“{name}” is also an everyday word; better with a second word, or leave out what is not meant: "
                      'exclude = ["…"]', name=name)  # fmt: skip
        return (common,)
    return ()


def _compounds(name: str) -> tuple[Text, ...]:
    """Compounds written in one word are not found by the name alone."""
    star = f"{_bare(name)}*"
    latin = name.isalpha() and "LATIN" in unicodedata.name(name[0], "")
    if len(name) <= SHORT or not latin or not _works(star, name):
        return ()
    words = {"name": name, "star": star}
    return (
        text("“{name}” finds {name}-branded too, but no longer words like {name}land; {star} finds those", **words),
    )
