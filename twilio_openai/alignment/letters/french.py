"""French spelling: mute endings, nasal vowels, uvular r. Liaison is left out: it joins words and moves no word's end by much."""

from __future__ import annotations

from .rules import Rules, Speller

IRREGULAR = dict(
    pair.split("=")
    for pair in (
        "et=e est=e les=le des=de mes=me ses=se ces=se tes=cte de=d@ le=l@ ne=n@ je=Z@ me=m@ te=ct@ se=s@ que=ct@ ce=s@ un=A une=Yn "
        "deux=dY trois=ctxwa cinq=sAct six=sis sept=sect huit=Yict neuf=nYf dix=dis vingt=vA cent=sA monsieur=m@sjY femme=fam "
        "vous=vu nous=nu pour=ctux avec=avect dans=dA plus=ctlY ou=u où=u au=o aux=o eu=Y il=il elle=el qui=cti mai=me mars=maxs "
        "oui=wi non=nA bien=bjA est-ce=es c'est=se euros=Yxo euro=Yxo heure=Yx heures=Yx août=uct tous=ctus fils=fis club=ctlYb sud=sYd "
        "avril=avxil mercredi=mexctx@di merci=mexsi hier=jex cher=Sex hiver=ivex mer=mex fer=fex net=nect "
        "quatre-vingts=ctatx@vA bonjour=bAZux monsieur's=m@sjY madame=madam docteur=doctYx second=s@gA messieurs=mesjY"
    ).split()
)
IRREGULAR["quatre"] = "ctactx"

VOWEL = "aeiouyàâäéèêëîïôöùûüœæ"
END = "(?=s?$)"
RULES: Rules = (
    ("(?<=[a-zé]{2})(?:e|es|ent)$", ""),
    ("(?<=[a-zéèà])(?:ts|ds|ps|t|d|s|x|z|p)$", ""),
    ("(?<=[a-zéè]{2})er$|ez$|ée?s?$", "e"),
    ("eaux?|aux?", "o"),
    ("oin", "wA"),
    ("oi|oy", "wa"),
    ("ou", "u"),
    ("œu|eu|ue(?=il)", "Y"),
    ("tion", "sjA"),
    ("ill(?=[aeiouyé])|(?<=[aeu])il(?=$|l)l?", "j"),
    ("gn", "nj"),
    (f"(?:ain|ein|aim|in|im|yn|ym|un|um)(?![{VOWEL}nm])", "A"),
    (f"(?<=i)en(?![{VOWEL}nm])", "A"),
    (f"(?:an|am|en|em|on|om)(?![{VOWEL}nm])", "A"),
    ("ai|ei|ay|ey", "e"),
    ("ch|sch", "S"),
    ("ph", "f"),
    ("qu|ck", "ct"),
    ("gu(?=[eiéèê])", "g"),
    ("g(?=[eiyéèê])e?(?=[aou])?|j", "Z"),
    ("c(?=[eiyéèê])|ç|ss", "s"),
    ("sc(?=[ei])", "s"),
    (f"(?<=[{VOWEL}])s(?=[{VOWEL}])", "z"),
    ("h", ""),
    ("(?<=[bcdfglmnprstv])i(?=[aeoéè])", "j"),
    ("u(?=i)", "Y"),
    ("u|û|ü", "Y"),
    (f"e(?=[bcdfglmnprstv]{{2}}|[bcdfglmnprstv]$|x)", "e"),
    ("e", "@"),
    ("r", "x"),
    ("w", "w"),
    ("y", "i"),
)
FRENCH = Speller(RULES, IRREGULAR)
