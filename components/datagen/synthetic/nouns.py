"""Nouns, names and pronouns of the English-German lexicon.

A line is: English, its plural (- regular, 0 none), German, gender (m f n; w = masculine of the weak
declension), its plural, classes. The classes say which verbs and adjectives go with a noun. Places
add: English and German preposition of rest, German preposition of the goal ("to the station" is
"zum Bahnhof", "to the lake" is "an den See").
"""

from __future__ import annotations

from dataclasses import dataclass

_PEOPLE = """
man men Mann m Männer | woman women Frau f Frauen | boy - Junge w Jungen
girl - Mädchen n Mädchen | child children Kind n Kinder | teacher - Lehrer m Lehrer kin
student - Student w Studenten | doctor - Arzt m Ärzte kin | baker - Bäcker m Bäcker
nurse - Krankenschwester f Krankenschwestern kin | farmer - Bauer w Bauern
friend - Freund m Freunde kin | neighbour - Nachbar w Nachbarn kin
brother - Bruder m Brüder kin | uncle - Onkel m Onkel kin | sister - Schwester f Schwestern kin
mother - Mutter f Mütter kin | father - Vater m Väter kin | daughter - Tochter f Töchter kin
son - Sohn m Söhne kin | aunt - Tante f Tanten kin | king - König m Könige
queen - Königin f Königinnen | singer - Sänger m Sänger
policeman policemen Polizist w Polizisten | tourist - Tourist w Touristen
cook - Koch m Köche kin | soldier - Soldat w Soldaten | customer - Kunde w Kunden
guest - Gast m Gäste kin | thief thieves Dieb m Diebe | lady - Dame f Damen
judge - Richter m Richter
"""
_ANIMALS = """
dog - Hund m Hunde | cat - Katze f Katzen | horse - Pferd n Pferde | cow - Kuh f Kühe
bird - Vogel m Vögel | mouse mice Maus f Mäuse | bear - Bär w Bären | lion - Löwe w Löwen
pig - Schwein n Schweine | sheep sheep Schaf n Schafe | goose geese Gans f Gänse
duck - Ente f Enten | monkey - Affe w Affen | fox - Fuchs m Füchse | goat - Ziege f Ziegen
wolf wolves Wolf m Wölfe
"""
_THINGS = """
apple - Apfel m Äpfel food | cake - Kuchen m Kuchen food baked | egg - Ei n Eier food
potato potatoes Kartoffel f Kartoffeln food | carrot - Karotte f Karotten food
tomato tomatoes Tomate f Tomaten food | pear - Birne f Birnen food | nut - Nuss f Nüsse food
bread 0 Brot n 0 food baked | cheese 0 Käse m 0 food | fish fish Fisch m Fische food
soup - Suppe f Suppen food | water 0 Wasser n 0 drink | milk 0 Milch f 0 drink
coffee 0 Kaffee m 0 drink | tea 0 Tee m 0 drink | wine 0 Wein m 0 drink | beer 0 Bier n 0 drink
book - Buch n Bücher text flat | letter - Brief m Briefe text flat sent
newspaper - Zeitung f Zeitungen text flat | story - Geschichte f Geschichten text tale
poem - Gedicht n Gedichte text tale | report - Bericht m Berichte text sent
novel - Roman m Romane text tale | message - Nachricht f Nachrichten text sent
hat - Hut m Hüte clothes attribute | coat - Mantel m Mäntel clothes attribute
shirt - Hemd n Hemden clothes | dress - Kleid n Kleider clothes
jacket - Jacke f Jacken clothes | shoe - Schuh m Schuhe clothes
scarf scarves Schal m Schals clothes attribute | bag - Tasche f Taschen thing hollow flat
suitcase - Koffer m Koffer thing hollow | box boxes Kiste f Kisten thing hollow
key - Schlüssel m Schlüssel thing tool flat | cup - Tasse f Tassen dish hollow
glass - Glas n Gläser dish hollow | plate - Teller m Teller dish
bottle - Flasche f Flaschen dish hollow | basket - Korb m Körbe thing hollow
picture - Bild n Bilder thing art | flower - Blume f Blumen plant art
rose - Rose f Rosen plant art | plant - Pflanze f Pflanzen plant | tree - Baum m Bäume plant art
knife knives Messer n Messer tool flat | spoon - Löffel m Löffel tool flat
hammer - Hammer m Hämmer tool flat | telescope - Fernrohr n Fernrohre thing watch
camera - Kamera f Kameras device thing watch | lamp - Lampe f Lampen device furniture
ball - Ball m Bälle thing toy | doll - Puppe f Puppen thing toy
gift - Geschenk n Geschenke thing sent | ring - Ring m Ringe thing | coin - Münze f Münzen thing
umbrella - Regenschirm m Regenschirme thing attribute | clock - Uhr f Uhren device thing
computer - Computer m Computer device | radio - Radio n Radios device
beard - Bart m Bärte attribute | table - Tisch m Tische furniture top
chair - Stuhl m Stühle furniture top | sofa - Sofa n Sofas furniture top
shelf shelves Regal n Regale furniture top | cupboard - Schrank m Schränke furniture openable
bench - Bank f Bänke furniture top | floor - Boden m Böden top | carpet - Teppich m Teppiche top
door - Tür f Türen openable | window - Fenster n Fenster openable | car - Auto n Autos vehicle
bus - Bus m Busse vehicle | train - Zug m Züge vehicle ride
bicycle - Fahrrad n Fahrräder vehicle | ship - Schiff n Schiffe vehicle ride
question - Frage f Fragen topic asked | answer - Antwort f Antworten topic
problem - Problem n Probleme topic solved | plan - Plan m Pläne topic
idea - Idee f Ideen topic | dream - Traum m Träume topic
secret - Geheimnis n Geheimnisse topic tale | mistake - Fehler m Fehler topic
task - Aufgabe f Aufgaben topic solved | language - Sprache f Sprachen topic
song - Lied n Lieder song | game - Spiel n Spiele game
"""
_PLACES = """
house - Haus n Häuser in in zu built home | school - Schule f Schulen in in zu built
garden - Garten m Gärten in in in | kitchen - Küche f Küchen in in in room
city - Stadt f Städte in in in town | village - Dorf n Dörfer in in in town
forest - Wald m Wälder in in in | park - Park m Parks in in in
station - Bahnhof m Bahnhöfe at an zu | market - Markt m Märkte at auf zu
church - Kirche f Kirchen in in zu built | museum - Museum n Museen in in in
library - Bibliothek f Bibliotheken in in in | hotel - Hotel n Hotels in in zu built home
restaurant - Restaurant n Restaurants in in in | hospital - Krankenhaus n Krankenhäuser in in in
office - Büro n Büros in in in room | bank - Bank f Banken in in zu
shop - Laden m Läden in in in | bridge - Brücke f Brücken on auf zu built
beach - Strand m Strände on an an | lake - See m Seen at an an | river - Fluss m Flüsse at an an
mountain - Berg m Berge on auf auf | room - Zimmer n Zimmer in in in room
plant - Fabrik f Fabriken in in in
"""
_NAMES = """
Anna f | Maria f | Julia f | Laura f | Eva f | Sophie f | Clara f | Emma f | Peter m | Paul m
Martin m | David m | Leo m | Simon m | Oliver m
"""
_CITIES = "Berlin Hamburg Bremen Dresden London Madrid Wien:Vienna Köln:Cologne München:Munich"


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun in both languages. `gender` is m, f or n; `plural` and `german_plural` may be None.

    rest: for places, its prepositions of rest (English, German), else empty. goal: German "to".
    """

    english: str
    plural: str | None
    german: str
    gender: str
    german_plural: str | None
    weak: bool
    classes: frozenset[str]
    rest: tuple[str, ...] = ()
    goal: str = ""

    @property
    def key(self) -> str:
        """Tells homonyms apart: the two plants, the two benches."""
        return f"{self.english}/{self.german}"


@dataclass(frozen=True, slots=True)
class Name:
    """A person or a city; `gender` is m or f, a city has none."""

    english: str
    german: str
    gender: str = ""


@dataclass(frozen=True, slots=True)
class Pronoun:
    """A personal pronoun; `index` is its row in every paradigm: I, you, he or she, we, they."""

    index: int
    subject: str
    object: str
    nominative: str
    accusative: str
    dative: str


PRONOUNS = (
    Pronoun(0, "I", "me", "ich", "mich", "mir"),
    Pronoun(1, "you", "you", "du", "dich", "dir"),
    Pronoun(2, "he", "him", "er", "ihn", "ihm"),
    Pronoun(2, "she", "her", "sie", "sie", "ihr"),
    Pronoun(3, "we", "us", "wir", "uns", "uns"),
    Pronoun(4, "they", "them", "sie", "sie", "ihnen"),
)


def english_plural(word: str) -> str:
    """The regular plural, and the third person of verbs: boxes, ladies, dogs."""
    if word.endswith(("s", "x", "z", "ch", "sh", "go")):
        return word + "es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def _noun(line: str, extra: tuple[str, ...] = ()) -> Noun:
    english, plural, german, gender, german_plural, *rest = line.split()
    place = (rest[0], rest[1]) if extra == ("place",) else ()
    classes = rest[3:] if place else rest
    return Noun(
        english,
        {"-": english_plural(english), "0": None}.get(plural, plural),
        german,
        "m" if gender == "w" else gender,
        None if german_plural == "0" else german_plural,
        gender == "w",
        frozenset((*classes, *extra)),
        place,
        rest[2] if place else "",
    )


def _entries(table: str) -> list[str]:
    return [entry for line in table.strip().splitlines() for entry in line.split("|")]


NOUNS = (
    *(_noun(line, ("person",)) for line in _entries(_PEOPLE)),
    *(_noun(line, ("animal",)) for line in _entries(_ANIMALS)),
    *(_noun(line) for line in _entries(_THINGS)),
    *(_noun(line, ("place",)) for line in _entries(_PLACES)),
)
NAMES = tuple(Name(name, name, gender) for name, gender in map(str.split, _entries(_NAMES)))
CITIES = tuple(Name(city.split(":")[-1], city.split(":")[0]) for city in _CITIES.split())
