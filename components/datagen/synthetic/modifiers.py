"""Adjectives, determiners and adverbs of the English-German lexicon."""

from __future__ import annotations

from dataclasses import dataclass

# English, German (stem of the inflected form after a stroke), classes of the noun; then the two
# comparatives, where it has them. Adjectives with two lines are translated by their noun.
_ADJECTIVES = """
old alt person animal vehicle furniture place text thing clothes > older älter
young jung person animal > younger jünger
big groß animal vehicle furniture place hollow plant dish thing > bigger größer
tall groß person > taller größer
small klein person animal vehicle furniture place dish thing plant food > smaller kleiner
beautiful schön person animal place plant art clothes song > more:beautiful schöner
rich reich person > richer reicher
poor arm person > poorer ärmer
clever klug person animal > cleverer klüger
strong stark person animal > stronger stärker
tired müde person animal
friendly freundlich person animal
happy glücklich person
sad traurig person text song
famous berühmt person place text
brave mutig person > braver mutiger
lazy faul person animal > lazier fauler
hungry hungrig person animal
angry wütend person animal
wild wild animal
fast schnell animal vehicle > faster schneller
dangerous gefährlich animal place > more:dangerous gefährlicher
black schwarz animal clothes vehicle thing
white weiß animal clothes furniture built dish
brown braun animal clothes furniture hollow
red rot clothes vehicle thing plant furniture
blue blau clothes vehicle dish openable
green grün clothes vehicle plant openable
new neu vehicle furniture clothes device text thing topic tool > newer neuer
heavy schwer hollow furniture thing tool > heavier schwerer
light leicht hollow tool clothes > lighter leichter
light hell room openable
expensive teuer/teur vehicle furniture clothes device thing drink > more:expensive teurer
cheap billig vehicle furniture clothes device > cheaper billiger
broken kaputt vehicle furniture device toy
clean sauber room clothes dish openable
dirty schmutzig room clothes dish animal
long lang text clothes > longer länger
short kurz text clothes > shorter kürzer
empty leer hollow room
fresh frisch food > fresher frischer
sweet süß food > sweeter süßer
cold kalt food drink > colder kälter
hot heiß drink > hotter heißer
good gut food drink person text song game > better besser
bad schlecht topic text > worse schlechter
dark dunkel/dunkl room place > darker dunkler
quiet ruhig place person > quieter ruhiger
modern modern built device furniture
difficult schwierig topic text game > more:difficult schwieriger
hard schwer solved asked
hard hart baked furniture
important wichtig topic text person > more:important wichtiger
interesting interessant topic text person place > more:interesting interessanter
funny lustig person text song game topic > funnier lustiger
strange seltsam person animal topic text
simple einfach topic game > simpler einfacher
"""


@dataclass(frozen=True, slots=True)
class Adjective:
    """An adjective in both languages; `comparatives` is empty or (English, German)."""

    english: str
    german: str
    stem: str
    classes: frozenset[str]
    comparatives: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.english}/{self.german}"


def _adjective(line: str) -> Adjective:
    base, _, comparatives = line.partition(" > ")
    english, german, *classes = base.split()
    plain, _, stem = german.partition("/")
    return Adjective(english, plain, stem or plain, frozenset(classes), tuple(comparatives.split()))


ADJECTIVES = tuple(_adjective(line) for line in _ADJECTIVES.strip().splitlines())


@dataclass(frozen=True, slots=True)
class Determiner:
    """A determiner in both languages.

    tag: its English part-of-speech tag. declension: how it and the adjectives after it inflect:
    der | dies | ein | none (uninflected, or no determiner at all). numbers: "s", "p" or "sp".
    """

    english: str
    tag: str
    german: str
    declension: str
    numbers: str = "sp"


THE = Determiner("the", "DT", "d", "der")
A = Determiner("a", "DT", "ein", "ein", "s")
BARE = Determiner("", "", "", "none", "p")
NO = Determiner("no", "DT", "kein", "ein")
POSSESSIVES = tuple(
    Determiner(english, "PRP$", german, "ein")
    for english, german in zip(
        ("my", "your", "his", "her", "our", "their"),
        ("mein", "dein", "sein", "ihr", "unser", "ihr"),
        strict=True,
    )
)
NUMBERS = tuple(
    Determiner(english, "CD", german, "none", "p")
    for english, german in zip(
        "two three four five six seven eight nine ten twelve".split(),
        "zwei drei vier fünf sechs sieben acht neun zehn zwölf".split(),
        strict=True,
    )
)
EVERY = Determiner("every", "DT", "jed", "dies", "s")
ALL = Determiner("all", "DT", "all", "dies", "p")
OTHERS = (
    Determiner("this", "DT", "dies", "dies", "s"),
    Determiner("these", "DT", "dies", "dies", "p"),
    EVERY,
    ALL,
    Determiner("some", "DT", "einig", "viel", "p"),
    Determiner("many", "JJ", "viel", "viel", "p"),
)


@dataclass(frozen=True, slots=True)
class Adverb:
    """An adverbial of fixed form: its English tree, its German words, the tenses it goes with."""

    english: str
    german: str
    tenses: frozenset[str]


def _adverbs(table: str, tenses: str) -> tuple[Adverb, ...]:
    pairs = (entry.split("=") for entry in table.strip().splitlines())
    return tuple(
        Adverb(english.strip(), german.strip(), frozenset(tenses.split()))
        for english, german in pairs
    )


TIMES = (
    *_adverbs("(NP (NN yesterday)) = gestern", "past"),
    *_adverbs("(NP (JJ last) (NN year)) = letztes Jahr", "past"),
    *_adverbs("(NP (JJ last) (NN week)) = letzte Woche", "past"),
    *_adverbs("(NP (NN tomorrow)) = morgen", "future"),
    *_adverbs("(NP (JJ next) (NN week)) = nächste Woche", "future"),
    *_adverbs("(ADVP (RB soon)) = bald", "future"),
    *_adverbs("(NP (NN today)) = heute", "present past perfect future"),
    *_adverbs("(ADVP (RB now)) = jetzt", "present"),
    *_adverbs("(NP (DT every) (NN day)) = jeden Tag", "present past"),
    *_adverbs("(PP (IN on) (NP (NNP Monday))) = am Montag", "past future"),
    *_adverbs("(PP (IN on) (NP (NNP Sunday))) = am Sonntag", "past future"),
    *_adverbs("(PP (IN in) (NP (DT the) (NN morning))) = am Morgen", "present past"),
    *_adverbs("(PP (IN in) (NP (DT the) (NN evening))) = am Abend", "present past"),
    *_adverbs("(PP (IN at) (NP (NN night))) = in der Nacht", "present past"),
)
FREQUENCIES = _adverbs(
    "(ADVP (RB always)) = immer\n(ADVP (RB often)) = oft\n(ADVP (RB never)) = nie\n"
    "(ADVP (RB sometimes)) = manchmal\n(ADVP (RB rarely)) = selten",
    "present past",
)
MANNERS = _adverbs(
    "(ADVP (RB quickly)) = schnell\n(ADVP (RB slowly)) = langsam\n(ADVP (RB loudly)) = laut\n"
    "(ADVP (RB quietly)) = leise\n(ADVP (RB carefully)) = vorsichtig\n"
    "(ADVP (RB secretly)) = heimlich",
    "present past perfect future",
)
OPENINGS = _adverbs(
    "(ADVP (RB unfortunately)) (, ,) = leider\n(ADVP (RB perhaps)) = vielleicht\n"
    "(ADVP (RB then)) = dann",
    "present past perfect future",
)
PARTICLE_TAGS = {"away": "(ADVP (RB away))"}
