"""Verbs of the English-German lexicon, with their frames.

A line is: English base, past and participle (- - regular) | German infinitive (separable prefix
before a stroke), third person, preterite, participle ("ist" before it: perfect with sein) | classes
of the subject | classes of the object. After the English forms: `up` etc. is a particle, `+for` a
preposition of the English object; after the German forms `sich` makes the verb reflexive and
`auf:acc` gives the preposition and case of the German object, `dat` its case.
"""

from __future__ import annotations

from dataclasses import dataclass

from components.datagen.synthetic.conjugation import (
    English,
    German,
    english_verb,
    german_verb,
    preterite_forms,
)

_INTRANSITIVE = """
sleep slept slept | schlafen schläft schlief geschlafen | person animal
laugh - - | lachen lacht lachte gelacht | person
work - - | arbeiten arbeitet arbeitete gearbeitet | person
sing sang sung | singen singt sang gesungen | person
dance - - | tanzen tanzt tanzte getanzt | person
cry - - | weinen weint weinte geweint | person
wait - - | warten wartet wartete gewartet | person
smile - - | lächeln lächelt lächelte gelächelt | person
swim swam swum | schwimmen schwimmt schwamm ist geschwommen | person animal
arrive - - | an/kommen kommt kam ist angekommen | person ride
get got got up | auf/stehen steht stand ist aufgestanden | person
disappear - - | verschwinden verschwindet verschwand ist verschwunden | person animal
win won won | gewinnen gewinnt gewann gewonnen | person
leave left left | ab/fahren fährt fuhr ist abgefahren | ride
"""
_TRANSITIVE = """
see saw seen | sehen sieht sah gesehen | person animal | person animal place vehicle furniture thing
hear heard heard | hören hört hörte gehört | person | person animal song
buy bought bought | kaufen kauft kaufte gekauft | person | goods
sell sold sold | verkaufen verkauft verkaufte verkauft | person | goods
read read read | lesen liest las gelesen | person | text
write wrote written | schreiben schreibt schrieb geschrieben | person | text
eat ate eaten | essen isst aß gegessen | person | food
eat ate eaten | fressen frisst fraß gefressen | animal | food
drink drank drunk | trinken trinkt trank getrunken | person animal | drink
open - - | öffnen öffnet öffnete geöffnet | person | openable hollow
close - - | schließen schließt schloss geschlossen | person | openable hollow
clean - - | putzen putzt putzte geputzt | person | furniture room openable vehicle dish
carry - - | tragen trägt trug getragen | person | thing text dish food
wear wore worn | tragen trägt trug getragen | person | clothes
love - - | lieben liebt liebte geliebt | person | person animal song
visit - - | besuchen besucht besuchte besucht | person | person place
invite - - | ein/laden lädt lud eingeladen | person | person
call - - | an/rufen ruft rief angerufen | person | person
meet met met | treffen trifft traf getroffen | person | person
know knew known | kennen kennt kannte gekannt | person | person place text song
find found found | finden findet fand gefunden | person | thing clothes tool animal text
look - - +for | suchen sucht suchte gesucht | person | thing clothes tool animal person text
lose lost lost | verlieren verliert verlor verloren | person | thing clothes tool text game
paint - - | malen malt malte gemalt | person | person animal art
paint - - | streichen streicht strich gestrichen | person | furniture openable built
repair - - | reparieren repariert reparierte repariert | person | vehicle device furniture
drive drove driven | fahren fährt fuhr gefahren | person | vehicle
wash - - | waschen wäscht wusch gewaschen | person | clothes vehicle dish animal
cut cut cut | schneiden schneidet schnitt geschnitten | person | food plant
bake - - | backen backt backte gebacken | person | baked
break broke broken | zerbrechen zerbricht zerbrach zerbrochen | person | dish
draw drew drawn | zeichnen zeichnet zeichnete gezeichnet | person | person animal art place
feed fed fed | füttern füttert fütterte gefüttert | person | animal
chase - - | jagen jagt jagte gejagt | animal | animal person
steal stole stolen | stehlen stiehlt stahl gestohlen | person | goods
hide hid hidden | verstecken versteckt versteckte versteckt | person | thing tool text
understand understood understood | verstehen versteht verstand verstanden | person | topic text
discuss - - | besprechen bespricht besprach besprochen | person | topic text
forget forgot forgotten | vergessen vergisst vergaß vergessen | person | topic thing text
sing sang sung | singen singt sang gesungen | person | song
play - - | spielen spielt spielte gespielt | person | game song
ask - - | stellen stellt stellte gestellt | person | asked
solve - - | lösen löst löste gelöst | person | solved
turn - - on | ein/schalten schaltet schaltete eingeschaltet | person | device
turn - - off | aus/schalten schaltet schaltete ausgeschaltet | person | device
put put put on | an/ziehen zieht zog angezogen | person | clothes
throw threw thrown away | weg/werfen wirft warf weggeworfen | person | thing text food dish
leave left left | verlassen verlässt verließ verlassen | person | place
need - - | brauchen braucht brauchte gebraucht | person | thing tool vehicle clothes device
water - - | gießen gießt goss gegossen | person | plant
build built built | bauen baut baute gebaut | person | built furniture
help - - | helfen hilft half geholfen dat | person | person animal
thank - - | danken dankt dankte gedankt dat | person | person
follow - - | folgen folgt folgte ist gefolgt dat | person animal | person animal
answer - - | antworten antwortet antwortete geantwortet dat | person | person
listen - - +to | zu/hören hört hörte zugehört dat | person | person
wait - - +for | warten wartet wartete gewartet auf:acc | person | person vehicle sent
think thought thought +of | denken denkt dachte gedacht an:acc | person | person place topic
dream - - +of | träumen träumt träumte geträumt von:dat | person | person animal place
talk - - +about | sprechen spricht sprach gesprochen über:acc | person | person topic text animal
talk - - +to | sprechen spricht sprach gesprochen mit:dat | person | person
laugh - - +about | lachen lacht lachte gelacht über:acc | person | topic text
play - - +with | spielen spielt spielte gespielt mit:dat | person animal | animal toy
remember - - | erinnern erinnert erinnerte erinnert sich an:acc | person | person place topic text
complain - - +about | beschweren beschwert beschwerte beschwert sich über:acc | person | food topic
"""
_DITRANSITIVE = """
give gave given | geben gibt gab gegeben | person | goods
show showed shown | zeigen zeigt zeigte gezeigt | person | goods place
send sent sent | schicken schickt schickte geschickt | person | sent
bring brought brought | bringen bringt brachte gebracht | person | food drink dish sent thing
tell told told | erzählen erzählt erzählte erzählt | person | tale
lend lent lent | leihen leiht lieh geliehen | person | thing tool clothes vehicle
offer - - | an/bieten bietet bot angeboten | person | food drink
"""
_MOTION = """
go went gone | gehen geht ging ist gegangen | person | place
run ran run | laufen läuft lief ist gelaufen | person animal | place
drive drove driven | fahren fährt fuhr ist gefahren | person | place city
fly flew flown | fliegen fliegt flog ist geflogen | person | city
travel travelled travelled | reisen reist reiste ist gereist | person | city
go went gone | fahren fährt fuhr ist gefahren | person | city
return - - | zurück/kehren kehrt kehrte ist zurückgekehrt | person | city town
"""
_REST = """
live - - | wohnen wohnt wohnte gewohnt | person | home town city
stay - - | bleiben bleibt blieb ist geblieben | person animal | place city
sit sat sat | sitzen sitzt saß gesessen | person animal | top place
lie lay lain | liegen liegt lag gelegen | text clothes flat animal | top
stand stood stood | stehen steht stand gestanden | dish furniture vehicle | place
"""
_PUT = """
put put put | legen legt legte gelegt | person | flat clothes
put put put | stellen stellt stellte gestellt | person | dish
"""
_THAT = """
say said said | sagen sagt sagte gesagt | person
think thought thought | denken denkt dachte gedacht | person
believe - - | glauben glaubt glaubte geglaubt | person
hope - - | hoffen hofft hoffte gehofft | person
see saw seen | sehen sieht sah gesehen | person
hear heard heard | hören hört hörte gehört | person
"""
_TO = """
try - - | versuchen versucht versuchte versucht | person
begin began begun | beginnen beginnt begann begonnen | person
forget forgot forgotten | vergessen vergisst vergaß vergessen | person
promise - - | versprechen verspricht versprach versprochen | person
decide - - | beschließen beschließt beschloss beschlossen | person
"""


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb in both languages, its frame, and the classes of its subject and object."""

    frame: str
    english: English
    german: German
    subjects: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.english.base}/{self.german.prefix}{self.german.infinitive}/{self.frame}"


GOODS = ("food", "text", "clothes", "thing", "dish", "tool", "furniture", "vehicle", "plant")


def _verbs(frame: str, table: str) -> tuple[Verb, ...]:
    found = []
    for line in table.strip().splitlines():
        english, german, subjects, *rest = line.split("|")
        objects = tuple(rest[0].split()) if rest else ()
        if "goods" in objects:
            objects = tuple(dict.fromkeys((*GOODS, *(one for one in objects if one != "goods"))))
        forms = english_verb(english), german_verb(german)
        found.append(Verb(frame, *forms, tuple(subjects.split()), objects))
    return tuple(found)


VERBS = {
    frame: _verbs(frame, table)
    for frame, table in {
        "none": _INTRANSITIVE,
        "object": _TRANSITIVE,
        "two": _DITRANSITIVE,
        "goal": _MOTION,
        "rest": _REST,
        "put": _PUT,
        "that": _THAT,
        "to": _TO,
    }.items()
}
_BE = English("be", "is", "was", "been", "being")
BE_GERMAN = German(
    "sein", "zu sein", ("bin", "bist", "ist", "sind", "sind"),
    ("war", "warst", "war", "waren", "waren"), "gewesen", sein=True,
)  # fmt: skip
HAVE_GERMAN = German(
    "haben", "zu haben", ("habe", "hast", "hat", "haben", "haben"), preterite_forms("hatte"),
    "gehabt",
)  # fmt: skip
WISSEN = German(
    "wissen", "zu wissen", ("weiß", "weißt", "weiß", "wissen", "wissen"), preterite_forms("wusste"),
    "gewusst",
)  # fmt: skip
BE = Verb("be", _BE, BE_GERMAN)
HAVE = Verb("object", English("have", "has", "had", "had", "having"), HAVE_GERMAN, ("person",),
            ("animal", "thing", "vehicle", "clothes", "tool", "topic"))  # fmt: skip
KNOW_THAT = Verb("that", English("know", "knows", "knew", "known", "knowing"), WISSEN, ("person",))
EXIST = Verb("exist", _BE, german_verb("geben gibt gab gegeben"))
VERBS["object"] += (HAVE,)
VERBS["that"] += (KNOW_THAT,)
BECOME = ("werde", "wirst", "wird", "werden", "werden")


@dataclass(frozen=True, slots=True)
class Modal:
    """A modal: English present and past (None: there is none), whether it takes "to"."""

    english: str
    past: str | None
    german: tuple[str, ...]
    german_past: str
    to: bool = False


CAN = Modal("can", "could", ("kann", "kannst", "kann", "können", "können"), "konnte")
MUST = Modal("must", None, ("muss", "musst", "muss", "müssen", "müssen"), "musste")
MAY = Modal("may", None, ("darf", "darfst", "darf", "dürfen", "dürfen"), "durfte")
SHOULD = Modal("should", None, preterite_forms("sollte"), "sollte")
WANT = Modal("want", "wanted", ("will", "willst", "will", "wollen", "wollen"), "wollte", to=True)
MODALS = (CAN, MUST, MAY, SHOULD, WANT)
