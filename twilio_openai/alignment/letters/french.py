"""French spelling: mute endings, nasal vowels, uvular r. Liaison is left out: it joins words and moves no word's end by
much.
"""

from __future__ import annotations

from ..tables import paired
from .rules import Rules, Speller

IRREGULAR = paired(
    """
    août=uct au=o aux=o avec=avect avril=avxil bien=bjA bonjour=bAZux c'est=se ce=s@ cent=sA ces=se cet=sect
    cette=sect cher=Sex cinq=sAct club=ctlYb dans=dA de=d@ des=de deux=dY dix=dis docteur=doctYx elle=el est=e
    est-ce=es et=e eu=Y euro=Yxo euros=Yxo femme=fam fer=fex fils=fis heure=Yx heures=Yx hier=jex hiver=ivex
    huit=Yict il=il je=Z@ le=l@ les=le madame=madam mai=me mars=maxs me=m@ mer=mex merci=mexsi mercredi=mexctx@di
    mes=me messieurs=mesjY minute=minYct monsieur=m@sjY ne=n@ net=nect neuf=nYf non=nA nous=nu ou=u oui=wi où=u
    plus=ctlY pour=ctux quatre=ctactx quatre-vingts=ctatx@vA que=ct@ qui=cti se=s@ second=s@gA seconde=s@gAd
    secondes=s@gAd sept=sect ses=se six=sis soixante=swasAct sud=sYd te=ct@ tes=cte tous=ctus trois=ctxwa un=A
    une=Yn vingt=vA vingts=vA vous=vu
    """
)

VOWEL = "aeiouyàâäéèêëîïôöùûüœæ"
RULES: Rules = (
    ("(?<=[a-zé]{2})(?:e|es|ent)$", ""),
    ("(?<=[a-zéèà])(?:ts|ds|ps|t|d|s|x|z|p)$", ""),
    ("(?<=[a-zéè]{2})er$|ez$|ée?s?$", "e"),
    ("eaux?|aux?", "o"),
    ("oin", "wA"),
    ("eil(?:le)?s?$", "ej"),
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
    ("aye(?=z|r)", "eje"),
    ("oye(?=z|r)", "waje"),
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
    ("e(?=[bcdfglmnprstv]{2}|[bcdfglmnprstv]$|x)", "e"),
    ("e", "@"),
    ("r", "x"),
    ("w", "w"),
    ("y", "i"),
)
FRENCH = Speller(RULES, IRREGULAR)
