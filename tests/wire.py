"""Copies of invented agency reports, as desks and platforms make them; for tests of stories."""

from __future__ import annotations

from smwatch.model import Item

RECALL = (
    (
        "Der Lebensmittelhersteller Acme ruft sein Früchtemüsli der Charge L2207 zurück. In einzelnen Packungen könnten "
        "kleine Steine enthalten sein, teilte das Unternehmen am Dienstag in Oberau mit."
    ),
    (
        "Betroffen sind Packungen zu 750 Gramm, die in Süddeutschland und Österreich verkauft wurden. Andere Sorten seien "
        "einwandfrei, sagte eine Sprecherin von Acme."
    ),
    (
        "Kundinnen und Kunden können die Packungen im Handel zurückgeben und erhalten den Kaufpreis auch ohne Kassenbon "
        "erstattet. Vom Verzehr rät der Hersteller dringend ab, weil Zähne beschädigt werden könnten."
    ),
    (
        "Aufgefallen war der Fehler bei einer Kontrolle in der Abfüllung. Ein Sieb sei gerissen, hieß es aus dem Werk. Die "
        "Anlage wurde angehalten und am Abend repariert; eine zweite Linie lief unterdessen weiter."
    ),
)
WORKS = (
    (
        "Mit einem Spatenstich hat Acme den Bau seines zweiten Werks begonnen. Rund 40 Millionen Euro fließen in die Halle "
        "am Bahnhof, die in zwei Jahren fertig sein soll."
    ),
    (
        "Vorgesehen sind drei Abfülllinien und ein Hochregallager mit Platz für 9.000 Paletten. Auf dem Dach werden "
        "Solarmodule montiert, die ein Drittel des Stroms liefern."
    ),
    (
        "Der Betriebsrat rechnet mit 120 neuen Stellen, vor allem in der Technik. Ausgebildet werde künftig auch in der "
        "Mechatronik, kündigte die Werksleiterin an."
    ),
    (
        "Anwohner hatten gegen die Zufahrt geklagt. Nach einem Vergleich wird der Verkehr nun über die Umgehungsstraße "
        "geführt, Lastwagen dürfen nachts nicht fahren."
    ),
)
HEADLINES = {
    RECALL: ("Acme ruft Müsli der Charge L2207 zurück", "Steine im Müsli: Acme warnt vor Charge L2207"),
    WORKS: ("Acme baut neues Werk am Bahnhof", "Spatenstich: Acme investiert 40 Millionen in neues Werk"),
}
ACCIDENT = (
    "Am {day} kam es gegen {hour} Uhr in {place} auf der {street} zu einem Verkehrsunfall, an dem ein Wagen von Acme "
    "beteiligt war. Eine {age}-jährige Autofahrerin übersah beim Abbiegen einen {other}-jährigen Radfahrer. Der Mann "
    "stürzte und wurde ins Krankenhaus nach {town} gebracht. Der Schaden wird auf {loss} Euro geschätzt."
)


def copies(report: tuple[str, ...], first: int = 0) -> list[Item]:
    """Eight copies of one report, by eight publishers."""
    one, other = HEADLINES[report]
    told = [
        (one, " ".join(report)),
        (other, f"Oberau (dpa/lby) – {' '.join(report)}"),
        (one, " ".join(report[:2])),
        (other, " ".join(report[:3])),
        (one, " ".join(report).replace("ü", "ue").replace("ä", "ae").replace("ö", "oe")),
        (f"Update: {one}", f"{' '.join(report)} Weitere Einzelheiten will das Unternehmen am Abend nennen."),
        (other, f"{report[0]} {' '.join(reversed(report[1:]))}"),
        (one, report[0]),
    ]
    return [_item(first + n, title, text) for n, (title, text) in enumerate(told)]


def accidents(first: int = 0) -> list[Item]:
    """Four reports out of one pattern, each of another accident."""
    filled = (
        ("Montag", 9, "Calw", "Hauptstraße", 23, 71, "Jena", 800),
        ("Freitag", 14, "Husum", "Ringstraße", 45, 62, "Kiel", 3000),
        ("Sonntag", 17, "Pirna", "Lindenallee", 38, 19, "Dresden", 5200),
        ("Dienstag", 7, "Soest", "Schillerstraße", 67, 44, "Hamm", 1500),
    )
    names = ("day", "hour", "place", "street", "age", "other", "town", "loss")
    given = [dict(zip(names, one, strict=True)) for one in filled]
    return [_item(first + n, f"Unfall in {one['place']}", ACCIDENT.format(**one)) for n, one in enumerate(given)]


def _item(number: int, title: str, text: str) -> Item:
    host = f"blatt{number}.example"
    return Item(
        id=f"{number}", source=f"Blatt {number}", url=f"https://{host}/{number}", title=title, text=text, kind="article"
    )
