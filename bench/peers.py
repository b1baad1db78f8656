"""The others, each doing the same job as well as it can: telling which queries a text matches.

Every peer gets the terms of the queries as lower-case words and phrases, leaves out the kinds of query that it cannot
express (`kinds`), and answers with the numbers of the queries for each text. None of them gives spans for all terms or
folds ä and ae, genitives, compounds, accents; `cannot` says what else is missing.

As a program, for the comparison through the command line: `python peers.py NAME queries.jsonl < items.jsonl`.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

from mix import NEAREST, Asked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LITERAL = frozenset({"word", "phrase", "any", "all"})


class Peer(Protocol):
    """Built from numbered queries; `whole`: does best with all texts at once; `most`: queries it is built for."""

    name: str
    needs: str
    kinds: frozenset[str]
    cannot: str
    whole: bool
    most: int | None

    def __init__(self, asked: dict[int, Asked]) -> None: ...

    def match(self, texts: Sequence[str]) -> list[list[int]]:
        """The numbers of the matching queries, for each text."""


class Terms:
    """From the terms that were found in a text to the queries."""

    def __init__(self, asked: dict[int, Asked]) -> None:
        self.numbers: dict[str, int] = {}
        self.alone: list[list[int]] = []
        self.more: list[list[tuple[int, set[int], set[int]]]] = []
        for number, query in asked.items():
            terms = [self._number(term) for term in query.terms]
            without = {self._number(term) for term in query.without}
            if query.kind == "all":
                self.more[terms[0]].append((number, set(terms), without))
            else:
                for term in terms:
                    self.alone[term].append(number)

    def _number(self, term: str) -> int:
        if term not in self.numbers:
            self.numbers[term] = len(self.numbers)
            self.alone.append([])
            self.more.append([])
        return self.numbers[term]

    def queries(self, found: set[int]) -> list[int]:
        """The queries that a text with just these terms matches."""
        hits: set[int] = set()
        for term in found:
            hits.update(self.alone[term])
            hits.update(n for n, terms, without in self.more[term] if terms <= found and not without & found)
        return list(hits)


class Regexes:
    """`re`: one compiled expression a query, tried one after the other."""

    name, needs, whole, most = "one regex a query", "re", False, 1_000
    kinds = LITERAL | {"near", "wild"}
    cannot = "nothing, but it is slow"

    def __init__(self, asked: dict[int, Asked]) -> None:
        self.rows = [(number, re.compile(_expression(query), re.IGNORECASE)) for number, query in asked.items()]

    def match(self, texts: Sequence[str]) -> list[list[int]]:
        """See `Peer`."""
        return [[number for number, row in self.rows if row.search(text)] for text in texts]


def _expression(query: Asked) -> str:
    terms = [rf"(?<!\w){_escaped(term)}(?!\w)" for term in query.terms]
    match query.kind:
        case "all":
            needed = "".join(rf"(?=.*{term})" for term in terms)
            refused = "".join(rf"(?!.*(?<!\w){_escaped(term)}(?!\w))" for term in query.without)
            return rf"(?s)\A{needed}{refused}"
        case "near":
            one, other = terms
            return "|".join(rf"{a}(?:\W+\w+){{0,{NEAREST}}}?\W+{b}" for a, b in ((one, other), (other, one)))
    return "|".join(terms)


def _escaped(term: str) -> str:
    return re.escape(term).replace(r"\*", r"\w*").replace(r"\ ", r"\W+")


class PyAhoCorasick:
    """The package pyahocorasick: all terms in one automaton over characters; borders looked at after."""

    name, needs, kinds, whole, most = "pyahocorasick", "ahocorasick", LITERAL, False, None
    cannot = "NEAR, wildcards, white space other than one blank in phrases"

    def __init__(self, asked: dict[int, Asked]) -> None:
        import ahocorasick  # noqa: PLC0415 - the package may be missing

        self.terms = Terms(asked)
        self.automaton = ahocorasick.Automaton()
        for term, number in self.terms.numbers.items():
            self.automaton.add_word(term, (number, len(term)))
        self.automaton.make_automaton()

    def match(self, texts: Sequence[str]) -> list[list[int]]:
        """See `Peer`."""
        return [self.terms.queries(self._found(f" {text.lower()} ")) for text in texts]

    def _found(self, text: str) -> set[int]:
        return {
            number
            for end, (number, length) in self.automaton.iter(text)
            if not text[end + 1].isalnum() and not text[end - length].isalnum()
        }


class FlashText:
    """The package flashtext2: keywords between borders in one pass, in Rust."""

    name, needs, kinds, whole, most = "flashtext2", "flashtext2", LITERAL - {"all"}, False, None
    cannot = "NEAR, wildcards, and it loses a term inside or across a longer one, so AND and NOT go wrong"

    def __init__(self, asked: dict[int, Asked]) -> None:
        from flashtext2 import KeywordProcessor  # noqa: PLC0415 - the package may be missing

        self.terms = Terms(asked)
        self.words = KeywordProcessor(case_sensitive=False)
        for term, number in self.terms.numbers.items():
            self.words.add_keyword(term, str(number))

    def match(self, texts: Sequence[str]) -> list[list[int]]:
        """See `Peer`."""
        return [self.terms.queries(set(map(int, self.words.extract_keywords(text)))) for text in texts]


class HyperscanLiterals:
    """The package hyperscan: literals over UTF-8, borders looked at in the callback."""

    name, needs, kinds, whole, most = "hyperscan literals", "hyperscan", LITERAL, False, 10_000
    cannot = "NEAR, wildcards; 100,000 literals take it minutes to compile"

    def __init__(self, asked: dict[int, Asked]) -> None:
        import hyperscan  # noqa: PLC0415 - the package may be missing

        self.terms = Terms(asked)
        literals = [term.encode() for term in self.terms.numbers]
        self.lengths = [len(literal) for literal in literals]
        self.database = hyperscan.Database()
        self.database.compile(literals, ids=list(range(len(literals))), flags=[0] * len(literals), literal=True)
        self.found: set[int] = set()
        self.text = b""

    def match(self, texts: Sequence[str]) -> list[list[int]]:
        """See `Peer`."""
        return [self._match(b" " + text.lower().encode() + b" ") for text in texts]

    def _match(self, text: bytes) -> list[int]:
        self.found, self.text = set(), text
        self.database.scan(text, match_event_handler=self._hit)
        return self.terms.queries(self.found)

    def _hit(self, number: int, _start: int, end: int, _flags: int, _context: object) -> None:
        before, behind = self.text[end - self.lengths[number] - 1], self.text[end]
        if _is_border(before) and _is_border(behind):
            self.found.add(number)


def _is_border(byte: int) -> bool:
    return byte < 0x80 and not chr(byte).isalnum()


class Fts5:
    """SQLite FTS5: the texts into an index in memory, then every query against it."""

    name, needs, whole, most = "SQLite FTS5", "sqlite3", True, None
    kinds = LITERAL | {"near", "prefix"}
    cannot = "wildcards at the beginning; the more texts at once the better, so it answers late"

    def __init__(self, asked: dict[int, Asked]) -> None:
        self.queries = [(number, _fts(query)) for number, query in asked.items()]
        self.connection = sqlite3.connect(":memory:")

    def match(self, texts: Sequence[str]) -> list[list[int]]:
        """See `Peer`."""
        run = self.connection.execute
        run("DROP TABLE IF EXISTS it")
        run("CREATE VIRTUAL TABLE it USING fts5(x, content='', columnsize=0, tokenize='unicode61 remove_diacritics 0')")
        self.connection.executemany("INSERT INTO it(rowid, x) VALUES (?, ?)", enumerate(texts))
        found: list[list[int]] = [[] for _ in texts]
        for number, query in self.queries:
            for (row,) in run("SELECT rowid FROM it WHERE it MATCH ?", (query,)):
                found[row].append(number)
        return found


def _fts(query: Asked) -> str:
    terms = [f'"{term.rstrip("*")}"' for term in query.terms]
    match query.kind:
        case "all":
            return " AND ".join(terms) + "".join(f' NOT "{term}"' for term in query.without)
        case "near":
            return f"NEAR({' '.join(terms)}, {NEAREST})"
        case "prefix":
            return terms[0] + " *"
    return " OR ".join(terms)


class Tantivy:
    """The package tantivy: an index in memory, then every query, built once, against it."""

    name, needs, kinds, whole, most = "tantivy", "tantivy", LITERAL, True, None
    cannot = "NEAR as words between, wildcards at this speed; answers late, like every index"

    def __init__(self, asked: dict[int, Asked]) -> None:
        import tantivy  # noqa: PLC0415 - the package may be missing

        self.tantivy = tantivy
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("x", stored=False)
        self.schema = builder.build()
        self.queries = [(number, self._query(query)) for number, query in asked.items()]

    def _query(self, query: Asked) -> object:
        make, occur = self.tantivy.Query, self.tantivy.Occur
        terms = [self._term(term) for term in query.terms]
        if len(terms) == 1 and not query.without:
            return terms[0]
        wanted = occur.Must if query.kind == "all" else occur.Should
        refused = [(occur.MustNot, self._term(term)) for term in query.without]
        return make.boolean_query([*((wanted, term) for term in terms), *refused])

    def _term(self, term: str) -> object:
        words = term.split()
        make = self.tantivy.Query
        return make.phrase_query(self.schema, "x", words) if len(words) > 1 else make.term_query(self.schema, "x", term)

    def match(self, texts: Sequence[str]) -> list[list[int]]:
        """See `Peer`."""
        index = self.tantivy.Index(self.schema)
        writer = index.writer(num_threads=1)
        for text in texts:
            writer.add_document(self.tantivy.Document(x=[text]))
        writer.commit()
        index.reload()
        searcher = index.searcher()
        assert searcher.num_segments == 1
        found: list[list[int]] = [[] for _ in texts]
        for number, query in self.queries:
            for _, address in searcher.search(query, limit=len(texts), count=False).hits:
                found[address.doc].append(number)
        return found


PEERS: tuple[type[Peer], ...] = (Regexes, PyAhoCorasick, FlashText, HyperscanLiterals, Fts5, Tantivy)


def here(peer: type[Peer]) -> bool:
    """Whether the peer is installed."""
    return find_spec(peer.needs) is not None


def expressible(peer: type[Peer], asked: Iterable[Asked]) -> dict[int, Asked]:
    """The queries that the peer can express, by their numbers; `word*` is a kind of its own."""
    found = {}
    for number, query in enumerate(asked):
        kind = "prefix" if query.kind == "wild" and query.terms[0].endswith("*") else query.kind
        if query.kind in peer.kinds:
            found[number] = query
        elif kind in peer.kinds:
            found[number] = Asked(kind, query.source, query.terms)
    return found


class Lines:
    """Items as JSON lines in, matches as JSON lines out."""

    def __init__(self, name: str, file: str) -> None:
        with open(file, encoding="utf-8") as lines:  # noqa: PTH123
            rows = [json.loads(line) for line in lines]
        self.names = [row["name"] for row in rows]
        self.asked = [Asked(row["kind"], row["query"], tuple(row["terms"]), tuple(row["without"])) for row in rows]
        self.peer = next(peer for peer in PEERS if peer.name == name)

    @cached_property
    def built(self) -> Peer:
        """The peer with all the queries that it can express."""
        return self.peer(expressible(self.peer, self.asked))

    def run(self) -> None:
        """Read, match and write."""
        items = [json.loads(line) for line in sys.stdin]
        for item, hits in zip(items, self.built.match([item["text"] for item in items]), strict=True):
            for number in hits:
                sys.stdout.write(json.dumps({"id": item["id"], "watch": self.names[number]}, ensure_ascii=False) + "\n")


if __name__ == "__main__" and len(sys.argv) == 3:
    Lines(sys.argv[1], sys.argv[2]).run()
