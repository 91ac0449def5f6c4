"""Words of the five languages that spelling alone does not give: names of letters and signs, abbreviations, months."""

from __future__ import annotations

from string import ascii_lowercase


def _names(names: str) -> dict[str, str]:
    return dict(zip(ascii_lowercase, names.split(), strict=True))


# Spelt as the language's own letter rules would say them; a double name is joined by "+".
LETTERS: dict[str, dict[str, str]] = {
    "en": _names("ay bee see dee ee eff jee aitch eye jay kay ell em en oh pee cue ar ess tee you vee double+you ex why zee"),
    "es": _names("a be ce de e efe ge hache i jota ca ele eme ene o pe cu erre ese te u uve uve+doble equis i+griega zeta"),
    "de": _names("ah beh zeh deh eh eff geh hah ih jott kah ell emm enn oh peh kuh err ess teh uh fau weh ix üpsilon zett"),
    "fr": _names("a bé cé dé euh effe gé ache i ji ka elle emme enne o pé cu erre esse té u vé double+vé ixe i+grec zède"),
    "it": _names("a bi ci di e effe gi acca i i+lunga cappa elle emme enne o pi cu erre esse ti u vu doppia+vu ics ipsilon zeta"),
}
for _table in LETTERS.values():
    _table.update({name: spoken.replace("+", " ") for name, spoken in _table.items()})
LETTERS["de"].update({"ä": "äh", "ö": "öh", "ü": "üh", "ß": "eszett"})
LETTERS["es"].update({"ñ": "eñe"})

POINT = {"en": "point", "es": "coma", "de": "komma", "fr": "virgule", "it": "virgola"}

SYMBOLS: dict[str, dict[str, str]] = {
    "en": {"&": "and", "%": "percent", "@": "at", ".": "dot", "_": "underscore", "/": "slash", "#": "number", "+": "plus",
           "=": "equals", "°": "degrees", "€": "euros", "$": "dollars", "£": "pounds", "*": "star"},
    "es": {"&": "y", "%": "por ciento", "@": "arroba", ".": "punto", "_": "guion bajo", "/": "barra", "#": "número", "+": "más",
           "=": "igual a", "°": "grados", "€": "euros", "$": "dólares", "£": "libras", "*": "asterisco"},
    "de": {"&": "und", "%": "prozent", "@": "ät", ".": "punkt", "_": "unterstrich", "/": "schrägstrich", "#": "nummer",
           "+": "plus", "=": "gleich", "°": "grad", "€": "euro", "$": "dollar", "£": "pfund", "*": "stern", "§": "paragraf"},
    "fr": {"&": "et", "%": "pour cent", "@": "arobase", ".": "point", "_": "tiret bas", "/": "slash", "#": "numéro",
           "+": "plus", "=": "égal", "°": "degrés", "€": "euros", "$": "dollars", "£": "livres", "*": "étoile"},
    "it": {"&": "e", "%": "per cento", "@": "chiocciola", ".": "punto", "_": "trattino basso", "/": "barra", "#": "numero",
           "+": "più", "=": "uguale", "°": "gradi", "€": "euro", "$": "dollari", "£": "sterline", "*": "asterisco"},
}  # fmt: skip
HYPHEN = {"en": "dash", "es": "guion", "de": "minus", "fr": "tiret", "it": "trattino"}

# Written with a full stop (or not) -> the ways to say it.
ABBREVIATIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {"a.m.": ("ay em",), "p.m.": ("pee em",), "a.m": ("ay em",), "p.m": ("pee em",), "dr.": ("doctor", "drive"),
           "mr.": ("mister",), "mrs.": ("missis",), "ms.": ("miz",), "st.": ("street", "saint"), "ave.": ("avenue",),
           "ave": ("avenue",), "blvd.": ("boulevard",), "blvd": ("boulevard",), "rd.": ("road",), "rd": ("road",),
           "ln.": ("lane",), "ct.": ("court",), "apt.": ("apartment",), "apt": ("apartment",), "ste.": ("suite",),
           "no.": ("number", "no"), "w.": ("west", "double you"), "e.": ("east", "ee"), "n.": ("north", "en"),
           "s.": ("south", "ess"), "vs.": ("versus",), "vs": ("versus",), "etc.": ("et cetera",), "e.g.": ("for example", "ee jee"),
           "i.e.": ("that is", "eye ee"), "approx.": ("approximately",), "min.": ("minutes", "minimum"), "hr.": ("hour",),
           "hrs.": ("hours",), "ext.": ("extension",), "inc.": ("incorporated", "ink"), "ltd.": ("limited",), "co.": ("company",),
           "jan.": ("january",), "feb.": ("february",), "mar.": ("march",), "apr.": ("april",), "aug.": ("august",),
           "sept.": ("september",), "sep.": ("september",), "oct.": ("october",), "nov.": ("november",), "dec.": ("december",),
           "mon.": ("monday",), "tue.": ("tuesday",), "wed.": ("wednesday",), "thu.": ("thursday",), "fri.": ("friday",),
           "sat.": ("saturday",), "sun.": ("sunday",), "ft.": ("feet",), "lb.": ("pounds",), "lbs.": ("pounds",), "oz.": ("ounces",),
           "jr.": ("junior",), "sr.": ("senior",), "mph": ("miles per hour",), "km": ("kilometers",), "kg": ("kilograms",)},
    "es": {"sr.": ("señor",), "sra.": ("señora",), "srta.": ("señorita",), "dr.": ("doctor",), "dra.": ("doctora",),
           "ud.": ("usted",), "uds.": ("ustedes",), "vd.": ("usted",), "avda.": ("avenida",), "av.": ("avenida",), "c/": ("calle",),
           "núm.": ("número",), "nº": ("número",), "n.º": ("número",), "tel.": ("teléfono",), "h": ("horas", "hache"), "h.": ("horas",),
           "hs": ("horas",), "min": ("minutos",), "etc.": ("etcétera",), "kg": ("kilos", "kilogramos"), "km": ("kilómetros",),
           "a.m.": ("a eme", "de la mañana"), "p.m.": ("pe eme", "de la tarde"), "pza.": ("plaza",), "izq.": ("izquierda",),
           "dcha.": ("derecha",), "d.": ("don",), "dña.": ("doña",), "ee.uu.": ("estados unidos",)},
    "de": {"dr.": ("doktor",), "hr.": ("herr",), "fr.": ("frau",), "prof.": ("professor",), "str.": ("straße",), "nr.": ("nummer",),
           "z.b.": ("zum beispiel",), "d.h.": ("das heißt",), "bzw.": ("beziehungsweise",), "usw.": ("und so weiter",),
           "ca.": ("circa", "zirka"), "tel.": ("telefon",), "min.": ("minuten",), "std.": ("stunden",), "inkl.": ("inklusive",),
           "zzgl.": ("zuzüglich",), "mwst.": ("mehrwertsteuer",), "km": ("kilometer",), "kg": ("kilogramm", "kilo"), "h": ("uhr", "hah"),
           "gmbh": ("geh emm beh hah",), "st.": ("sankt",), "evtl.": ("eventuell",), "mo.": ("montag",), "di.": ("dienstag",),
           "mi.": ("mittwoch",), "do.": ("donnerstag",), "fr": ("freitag",), "sa.": ("samstag",), "so.": ("sonntag", "so"), "eur": ("euro",)},
    "fr": {"m.": ("monsieur",), "mme": ("madame",), "mme.": ("madame",), "mlle": ("mademoiselle",), "dr": ("docteur",), "dr.": ("docteur",),
           "h": ("heures", "ache"), "min": ("minutes",), "mn": ("minutes",), "etc.": ("et cetera",), "n°": ("numéro",), "tél.": ("téléphone",),
           "av.": ("avenue",), "bd": ("boulevard",), "bd.": ("boulevard",), "km": ("kilomètres",), "kg": ("kilos",), "st": ("saint",),
           "ste": ("sainte",), "p.ex.": ("par exemple",), "svp": ("s'il vous plaît",), "ttc": ("té té cé", "toutes taxes comprises"),
           "tva": ("té vé a",), "eur": ("euros",), "1er": ("premier",), "1re": ("première",), "2e": ("deuxième",)},
    "it": {"sig.": ("signor",), "sig.ra": ("signora",), "sig.na": ("signorina",), "dott.": ("dottor",), "dott.ssa": ("dottoressa",),
           "dr.": ("dottor",), "prof.": ("professor",), "avv.": ("avvocato",), "ing.": ("ingegner",), "p.za": ("piazza",), "v.le": ("viale",),
           "n.": ("numero",), "tel.": ("telefono",), "ecc.": ("eccetera",), "min.": ("minuti",), "km": ("chilometri",), "kg": ("chili", "chilogrammi"),
           "h": ("ore", "acca"), "es.": ("esempio",), "ca.": ("circa",), "s.p.a.": ("esse pi a",), "srl": ("esse erre elle",), "eur": ("euro",)},
}  # fmt: skip

MONTHS: dict[str, tuple[str, ...]] = {
    "en": tuple("january february march april may june july august september october november december jan. feb. mar. apr. "
                "aug. sept. sep. oct. nov. dec. jan feb mar apr jun jul aug sept sep oct nov dec".split()),
    "es": tuple("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()),
    "de": tuple("januar februar märz april mai juni juli august september oktober november dezember".split()),
    "fr": tuple("janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()),
    "it": tuple("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre".split()),
}  # fmt: skip

# Written in capitals and yet said letter by letter although a vowel would let one read them as a word.
SPELLED = frozenset("AM PM ID USA UK EU AI IT UPS ATM IRS DIY FAQ IOU URL EUR USB UV IP IBAN TV OK PIN".split()) - {"PIN", "IBAN", "OK"}
