"""English spelling. Irregular words are the frequent ones, in the reduced form that running speech has."""

from __future__ import annotations

import re

from .rules import Rules, Speller

IRREGULAR = dict(
    pair.split("=")
    for pair in (
        "the=v@ to=ctu of=@v a=@ i=ai i'll=ail i'm=aim i've=aiv i'd=aid you=ju you're=jor you'll=jul you've=juv your=jor "
        "yours=jorz are=ar is=iz one=wan once=wans two=ctu eight=eict have=hav haven't=hav@nct and=@n our=aur hour=aur hours=aurz was=waz "
        "as=az has=haz we=wi be=bi been=bin he=hi me=mi she=Si so=so or=or my=mai by=bai oh=o who=hu whose=huz "
        "people=ctictl do=du does=daz doesn't=daz@nct don't=donct done=dan go=go no=no said=sed says=sez there=ver their=ver they=vei they're=ver "
        "were=w@r where=wer what=wact when=wen which=wictS why=wai how=hau now=nau could=cud would=wud should=Sud couldn't=cud@nct "
        "wouldn't=wud@nct shouldn't=Sud@nct some=sam come=cam comes=camz coming=camin something=samfin someone=samwan from=fram for=for four=for "
        "give=giv live=liv get=gect gets=gects any=eni many=meni anything=enifin only=onli other=av@r another=@nav@r both=bof great=greict "
        "give=giv given=giv@n again=@gen against=@genst through=fru thought=foct though=vo tough=taf enough=inaf "
        "today=ctudei tomorrow=ctumaro tonight=ctunaict tuesday=ctuzdei wednesday=wenzdei saturday=sact@rdei busy=bizi "
        "business=bizn@s minute=minict minutes=minicts sure=Sor sugar=Sug@r special=speS@l listen=lis@n often=of@n "
        "this=vis that=vact that's=vacts these=viz those=voz than=ven then=ven them=vem with=wiv without=wivauct "
        "thousand=fauz@nd three=fri third=f@rd thirty=f@rcti thirteen=f@rctin thank=feinct thanks=feincts "
        "zero=ziro half=haf talk=ctoct walk=woct won't=wonct can't=canct know=no knows=noz known=non "
        "new=nu use=juz used=juzd using=juzin usually=juZ@li us=as use=juz its=icts it's=icts if=if in=in on=on at=act an=@n "
        "put=ctuct full=ful into=inctu also=olso always=olweiz all=ol call=col calls=colz called=cold calling=colin "
        "water=woct@r large=lardZ change=ctSeindZ charge=ctSardZ charges=ctSardZ@z orange=orindZ please=cliz "
        "right=raict night=naict light=laict okay=ocei ok=ocei um=am uh=a hmm=hm mm=m year=jir years=jirz here=hir here's=hirz hear=hir "
        "eye=ai ay=ei jay=dZei kay=cei why=wai zee=zi cue=ctju ex=ects aitch=eictS double=dab@l u=ju dot=dact "
        "address=@dres email=imeil code=cod sir=s@r doctor=dact@r mister=mist@r missis=misiz street=sctrict avenue=av@nu "
        "first=f@rst second=sec@nd fifth=fiff twelfth=ctwelf eleven=ilev@n seven=sev@n seventeen=sev@nctin "
        "forty=forcti fourteen=forctin fifteen=fifctin sixteen=sictsctin eighteen=eictin eighty=eicti ninety=naincti "
        "hundred=handr@d million=milj@n dollar=dal@r dollars=dal@rz cents=sencts euros=jur@z percent=ct@rsenct "
        "order=ord@r orders=ord@rz appointment=@ctoinctm@nct moment=mom@nct because=bic@z about=@bauct over=ov@r after=aft@r "
        "number=namb@r name=neim names=neimz schedule=sctedZul available=@veil@b@l just=dZast much=mactS such=sactS "
        "under=and@r until=anctil up=act but=bact lunch=lantS number's=namb@rz sunday=sandei sundays=sandeiz monday=mandei mondays=mandeiz "
        "friday=fraidei fridays=fraideiz saturdays=sact@rdeiz thursday=f@rzdei tuesdays=ctuzdeiz june=dZun july=dZulai august=og@st "
        "can=can had=had will=wil let=lect let's=lects did=did not=nact see=si want=wanct wants=wancts very=veri way=wei day=dei "
        "good=gud look=luct looks=lucts book=buct booked=bucct booking=buctin work=w@rct works=w@rcts word=w@rd words=w@rdz world=w@rld"
    ).split()
)  # fmt: skip
# In the list above a voiceless stop may be written as its closure or as its burst alone.
IRREGULAR = {word: re.sub("ct|c|t", "ct", sounds) for word, sounds in IRREGULAR.items()}

RULES: Rules = (
    ("tch", "ctS"),
    ("(?<=.)[st]ion", "S@n"),
    ("(?<=.)[ct]ial", "S@l"),
    ("(?<=.)[ct]ious", "S@s"),
    ("ture(?=s?$)", "ctS@r"),
    ("igh|eigh(?=t$)|(?<=[^aeiou])ie(?=[ds]?$)", "ai"),
    ("eigh", "ei"),
    ("ough(?=t)|augh", "o"),
    ("ough", "o"),
    ("^[kg]n", "n"),
    ("^wr", "r"),
    ("^wh(?=o)", "h"),
    ("wh", "w"),
    ("gh|^p(?=s)|(?<=m)b$", ""),
    ("sh|(?<=[^s])s(?=ure)", "S"),
    ("ch(?=r)|ck|cc(?![eiy])|ch(?=n)", "ct"),
    ("ch", "ctS"),
    ("th(?=er|e$|ese|ose|is|at)", "v"),
    ("th", "f"),
    ("qu", "ctw"),
    ("cc", "cts"),
    ("dge?", "dZ"),
    ("ng(?=$|s$|er$|ing)", "n"),
    ("gg", "g"),
    ("g(?=e$|es$|ed$|ent|en[ct]|i[cn]|y$|er(?!t)|eo)|j", "dZ"),
    ("s?c(?=[eiy])", "s"),
    ("x", "cts"),
    ("^y|(?<=[aeiou])y(?=[aeiou])", "j"),
    ("(?<=^[bcdfglmnpstvw])y$|(?<=^[bcdfgpst][lrhk])y$", "ai"),
    ("eau|oa|oe$|ow(?=$|s$|n$|ed$|ing$|er)", "ou"),
    ("ee|ea(?!d$|r[nt]|v[ey]|lth|th)|ei(?=ve|th)", "i"),
    ("ea", "e"),
    ("oo", "u"),
    ("our(?=$|s$)", "aur"),
    ("ous$", "@s"),
    ("ou|ow", "au"),
    ("ai(?=r)|a(?=re$|res$|ry$)", "e"),
    ("ai|ay|ei|ey(?=e)", "ei"),
    ("ey", "i"),
    ("ie(?=ld|v|f|s$|d$)", "i"),
    ("oi|oy", "oi"),
    ("au|aw|al(?=[lkt])", "ol"),
    ("ew|ue(?=$|s$|d$)|ui(?=t)", "u"),
    ("a(?=[bcdfgklmnpstvz]e(?:[sd]|ly|r|ment)?$|[cdgmpstvz]ing$|ble|tion|ste)", "ei"),
    ("i(?=[bcdfgklmnpstvz]e(?:[sd]|ly|r)?$|nd$|ld$|[dkmnptvz]ing$|re)", "ai"),
    ("o(?=[bcdfgklmnpstvz]e(?:[sd]|ly|r)?$|ld|st$|ll$|[dkmnptvs]ing$)", "ou"),
    ("u(?=[bcdfgklmnpstvz]e(?:[sd]|ly|r)?$|[dkmnptvs]ing$)", "u"),
    ("e(?=[bcdfgklmnpstvz]e$|re$)", "i"),
    ("(?<=[^aeiouy])le(?=$|s$|d$)", "@l"),
    ("(?<=[^aeiouy])re$|[eiu]r(?![aeiour])|or$|ar(?=$|d$)(?<=[a-z]{3}ar)", "@r"),
    ("ar(?![aeiou])", "ar"),
    ("or(?![aeiou])", "or"),
    ("(?<=[td])ed$", "@d"),
    ("(?<=[kpsfxch])ed$", "ct"),
    ("(?<=[a-z]{2})ed$", "d"),
    ("(?<=[szxcg])es$|(?<=[sc]h)es$", "@z"),
    ("(?<=[a-z]{2})es$|(?<=[aeioubdglmnrvwy])s$", "z"),
    ("(?<=[aeiou])s(?=[aeiou])", "z"),
    ("(?<=[a-z]{2})e(?=$|ly$|ment|less|ful)", ""),
    ("^a(?=bb|cc|dd|ff|ll|nn|pp|rr|ss|tt|[bcdfglmprstv][aeiou][a-z]{2})|(?<=[a-z]{2})a$", "@"),
    ("(?<=[a-z]{2})[aeo](?=[nl]$|n[ct]e?s?$|ncy$|t$)", "@"),
    ("(?<=[^aeiouy])y(?=$)", "i"),
    ("o(?=$)", "o"),
    ("o(?![aeiouwr])", "a"),
    ("u(?=[bcdfgklmnpstvz]{2}|[a-z]$)", "a"),
)
ENGLISH = Speller(RULES, IRREGULAR)
