"""Fields by name: what each takes, what it is also called, what only other tools have."""

from __future__ import annotations

import re
from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_HERE = {
    "title": ("headline", "intitle"),
    "lead": ("ingress",),
    "content": ("text", "body", "message"),
    "author": ("from", "authorshort"),
    "site": ("domain", "domainurl", "host_url", "publication"),
    "url": ("inurl",),
    "links": (),
    "lang": ("language",),
    "country": ("sourcecountry", "sourcegeo"),
    "hashtag": ("hashtags",),
    "mention": ("at_mentions",),
    "type": ("sourcetype",),
    "followers": ("authorfollowers",),
    "engagement": (),
    "reach": (),
    "rating": (),
    "sentiment": (),
    "is": (),
    "contains": (),
    "subreddit": (),
    "tag": (),
    "source": (),
    "list": (),
}
WORDS = ("title", "lead", "content", "author")  # what is inside is looked for in that text
ADDRESSES = ("url", "links")
NUMBERS = ("followers", "engagement", "reach", "rating")
SIGNS: Mapping[str, str] = MappingProxyType({"hashtag": "#", "mention": "@"})
CHOICES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "is": {
            "comment": "kommentar",
            "reply": "antwort",
            "question": "frage",
            "repost": "weiterverbreitung retweet geteilt",
        },
        "contains": {"image": "bild foto photo", "video": "film", "link": "url"},
        "sentiment": {"positive": "positiv", "neutral": "", "negative": "negativ"},
    }
)
_GERMAN = {
    "titel": "title",
    "überschrift": "title",
    "schlagzeile": "title",
    "autor": "author",
    "autorin": "author",
    "verfasser": "author",
    "verfasserin": "author",
    "von": "author",
    "seite": "site",
    "website": "site",
    "webseite": "site",
    "domäne": "site",
    "domain": "site",
    "sprache": "lang",
    "liste": "list",
    "vorspann": "lead",
    "intext": "content",
    "allintext": "content",
    "allintitle": "title",
    "allinurl": "url",
    "inhalt": "content",
    "adresse": "url",
    "land": "country",
    "schlagwort": "tag",
    "quelle": "source",
    "typ": "type",
    "art": "type",
    "reichweite": "reach",
    "bewertung": "rating",
    "sterne": "rating",
    "stimmung": "sentiment",
    "tonalität": "sentiment",
    "enthält": "contains",
    "ist": "is",
}
_FOREIGN = {
    "Brandwatch": """itemreview brandids authorgroup sitegroup authorverified authorverifiedtype authorgender authortype
        authorlocation accounttype blogname city continent region county latitude longitude objectid objectids logoid
        logoids imagetype parentpostid rootpostid channelid channelgroup entity interest profession minuteofday pagetype
        engagementtype engagingwith engagingwithguid gender guid insightshashtag insightsmentioned locationgroup
        monthlyvisitors publisherid publishersubtype redditspoiler singleviewed tweetsource taggedaccounts threadurl
        verified weblogtitle xprofile location state contentsource contentsourcename category emotion impact
        reachestimate threadid authorcountry""",
    "Talkwalker": """alexa_pageviews article_extended_attributes cluster_id customer_entity entity_url
        extra_article_attributes extra_author_attributes extra_source_attributes host_zone images lastcrawled
        matched_profile noise_level porn_level post_type root_url searchindexed source_extended_attributes
        tags_customer tags_internal tokens_content tokens_title twitter_followers word_count world_data author_gender
        fluency_level indexed meta_cluster_id parent_url provider published search_indexed spam_level tags_marking
        title_snippet trending_score videos""",
    "Meltwater": """adspend ave bio circulation followercount mediatype metadata quoted retweet socialtype socialhandle
        sourceid sourcename views""",
    "Cision": "circulation dma mediaoutlet mediatype mediumtype outlet outlettype program publicity state station",
    "X": """filter min_faves min_retweets min_replies since until geocode conversation_id retweets_of place point_radius
        bounding_box place_country""",
    "Google": "filetype related cache before after inanchor allinanchor",
}

NAMES: Mapping[str, str] = MappingProxyType(
    {alias: canonical for canonical, aliases in _HERE.items() for alias in (canonical, *aliases)}
)
FOREIGN: Mapping[str, str] = MappingProxyType(
    {
        name: ", ".join(tool for tool, others in _FOREIGN.items() if name in others.split())
        for names in _FOREIGN.values()
        for name in names.split()
    }
)
SINGLE_VALUED = ("site", "author", "lang", "source", "type")  # repeated in one AND group they mean OR
DIALECTS: Mapping[str, str] = MappingProxyType(
    {"brandwatch": "Brandwatch", "meltwater": "Meltwater", "talkwalker": "Talkwalker", "cision": "Cision"}
)

_LANGUAGES = {
    "de": "deutsch german",
    "en": "englisch english",
    "fr": "französisch french",
    "it": "italienisch italian",
    "es": "spanisch spanish",
    "nl": "niederländisch dutch",
    "pl": "polnisch polish",
    "tr": "türkisch turkish",
}
_CODES = {name: code for code, names in _LANGUAGES.items() for name in names.split()}
_COUNTRIES = {
    "de": "deu ger deutschland germany",
    "at": "aut österreich austria",
    "ch": "che schweiz switzerland",
    "li": "lie liechtenstein",
    "lu": "lux luxemburg luxembourg",
    "gb": "uk gbr großbritannien",
    "us": "usa",
    "fr": "fra frankreich france",
    "it": "ita italien italy",
    "es": "esp spanien spain",
    "nl": "nld niederlande netherlands",
    "be": "bel belgien belgium",
    "pl": "pol polen poland",
    "dk": "dnk dänemark denmark",
    "cz": "cze tschechien czechia",
    "tr": "tur türkei turkey",
}
_COUNTRY_CODES = {name: code for code, names in _COUNTRIES.items() for name in names.split()}
_CODE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*")
_WWW = r"(?:www\d?\.(?=[^/:?#@\s]*\.))*"  # www.de is a name by itself
_HOST = re.compile(rf"(?:[a-z][a-z0-9+.-]*:)?(?://)?(?:[^/?#\s]*@)?{_WWW}([^/:?#@\s]+)(?:[/:?#]|$)", re.IGNORECASE)


def nearest(name: str) -> str | None:
    """The field that somebody may have meant by `name`: its canonical or accepted spelling, or None."""
    low = name.casefold()
    if low in _GERMAN:
        return _GERMAN[low]
    found = get_close_matches(low, [*NAMES, *_GERMAN], n=1, cutoff=0.7)
    return (_GERMAN.get(found[0]) or found[0]) if found else None


def choice(name: str, value: str) -> str | None:
    """The value that `value` stands for in a field of few values ("frage" is "question"), or None."""
    low = value.casefold()
    return next((it for it, others in CHOICES[name].items() if low == it or low in others.split()), None)


def is_raw(name: str) -> bool:
    """Whether a field's values are taken as they stand, up to white space or a bracket."""
    return name not in WORDS and name not in {"lang", "list"}


def language(value: str) -> str | None:
    """`value` as a language code ("de", "de-at"), or None where it is none."""
    code = value.strip().casefold().replace("_", "-")
    return code if _CODE.fullmatch(code) else None


def language_meant(value: str) -> str | None:
    """The code of a language that was named in words ("deutsch")."""
    return _CODES.get(value.strip().casefold())


def country_meant(value: str) -> str | None:
    """The code of two letters of a country that was named in words or three letters ("Deutschland", "DEU")."""
    return _COUNTRY_CODES.get(value.strip().casefold())


def host(address: str) -> str:
    """The host in an address or a bare host: no scheme, `www.`, port or path; lower case, in Unicode; "" if none."""
    found = _HOST.match(address.strip())
    return _unicode(found[1].casefold().strip(".")) if found else ""


def host_span(address: str) -> tuple[int, int]:
    """Where `host(address)` stands in `address`."""
    lead = len(address) - len(address.lstrip())
    found = _HOST.match(address.strip())
    return (lead + found.start(1), lead + found.end(1)) if found else (0, 0)


def _unicode(name: str) -> str:
    return ".".join(_label(label) for label in name.split("."))


def _label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label
