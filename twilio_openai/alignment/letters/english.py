"""English spelling. Irregular words are the frequent ones, in the reduced form that running speech has."""

from __future__ import annotations

from ..tables import paired
from .rules import Rules, Speller

IRREGULAR = paired(
    """
    a=@ about=@bauct above=@bav add=ad address=@dres after=afct@r again=@gen against=@gensct aitch=eictS all=ol
    also=olso always=olweiz an=@n and=@n another=@nav@r answer=ans@r any=eni anything=enifin
    appointment=@ctoinctm@nct are=ar as=az at=act august=og@sct available=@veil@b@l avenue=av@nu away=@wei
    awesome=osam ay=ei basic=beisict be=bi because=bict@z been=bin begin=bigin book=buct booked=buctct
    booking=buctin both=bouf bread=bred breakfast=brectf@sct build=bild building=bildin bus=bas business=bizn@s
    busy=bizi but=bact by=bai call=ctol called=ctold calling=ctolin calls=ctolz can=ctan can't=ctanct cents=sencts
    change=ctSeindZ charge=ctSardZ charges=ctSardZ@z code=ctod come=ctam comes=ctamz coming=ctamin
    conference=ctanfr@ns could=ctud couldn't=ctud@nct cue=ctju day=dei decrease=dictris did=did do=du doctor=dact@r
    does=daz doesn't=daz@nct dollar=dal@r dollars=dal@rz don't=donct done=dan dot=dact double=dab@l
    earliest=@rliesct early=@rli echo=ectou eight=eict eighteen=eictin eighty=eicti eleven=ilev@n email=imeil
    enough=inaf euros=jur@z evening=ivnin ex=ects eye=ai fifteen=fifctin fifth=fiff first=f@rsct for=for
    forty=forcti four=for fourteen=forctin fourth=forf friday=fraidei fridays=fraideiz from=fram front=franct
    full=ful gas=gas get=gect gets=gects give=giv given=giv@n go=go good=gud great=greict had=had half=haf has=haz
    have=hav haven't=hav@nct he=hi head=hed health=helf hear=hir heard=h@rd heart=harct here=hir here's=hirz hmm=hm
    hotel=houctel hour=aur hours=aurz how=hau hundred=handr@d i=ai i'd=aid i'll=ail i'm=aim i've=aiv if=if in=in
    increase=inctris instead=inscted into=inctu is=iz it's=icts item=aict@m items=aict@mz its=icts jay=dZei
    july=dZulai june=dZun just=dZasct kay=ctei know=no known=non knows=noz large=lardZ laugh=laf learn=l@rn let=lect
    let's=lects light=laict listen=lis@n live=laiv login=lagin look=luct looks=lucts love=lav lunch=lanctS
    machine=m@Sin many=meni me=mi measure=meZ@r menu=menju message=mesidZ million=milj@n minute=minict
    minutes=minicts missis=misiz mister=misct@r mm=m moment=mom@nct monday=mandei mondays=mandeiz money=mani
    month=manf months=manfs moved=muvd movie=muvi movies=muviz much=mactS my=mai name=neim names=neimz new=nu
    night=naict nineteen=nainctin nineteenth=nainctinf ninety=naincti no=no none=nan not=nact nothing=nafin now=nau
    number=namb@r number's=namb@rz of=@v often=of@n oh=o ok=octei okay=octei on=on once=wans one=wan only=onli or=or
    orange=orindZ order=ord@r orders=ord@rz other=av@r our=aur over=ov@r people=ctictl percent=ct@rsenct
    photo=fouctou please=ctliz pleasure=ctleZ@r plus=ctlas put=ctuct queue=ctju ready=redi refused=rifjuzd
    reset=risect right=raict said=sed saturday=sact@rdei saturdays=sact@rdeiz says=sez schedule=sctedZul
    search=s@rctS second=sect@nd see=si seven=sev@n seventeen=sev@nctin she=Si should=Sud shouldn't=Sud@nct sir=s@r
    sixteen=sictsctin so=so some=sam someone=samwan something=samfin sophie=soufi special=scteS@l street=sctrict
    such=sactS sugar=Sug@r suite=swict sunday=sandei sundays=sandeiz sure=Sor talk=ctoct than=ven thank=feinct
    thanks=feincts that=vact that's=vacts the=v@ their=ver them=vem then=ven there=ver these=viz they=vei
    they're=ver third=f@rd thirteen=f@rctin thirty=f@rcti this=vis those=voz though=vo thought=foct thousand=fauz@nd
    three=fri through=fru thursday=f@rzdei to=ctu today=ctudei tomorrow=ctumaro tonight=ctunaict tough=ctaf
    tuesday=ctuzdei tuesdays=ctuzdeiz twelfth=ctwelf two=ctu u=ju uh=a um=am under=and@r unknown=announ until=anctil
    up=act us=as usage=jusidZ use=juz used=juzd user=juz@r users=juz@rz using=juzin usually=juZ@li very=veri
    walk=woct want=wanct wants=wancts was=waz water=woct@r way=wei we=wi weather=wev@r wednesday=wenzdei were=w@r
    what=wact when=wen where=wer which=wictS who=hu whose=huz why=wai will=wil with=wiv within=wivin without=wivauct
    won't=wonct word=w@rd words=w@rdz work=w@rct works=w@rcts world=w@rld would=wud wouldn't=wud@nct year=jir
    years=jirz yes=jes you=ju you'll=jul you're=jor you've=juv your=jor yours=jorz zee=zi zero=ziro
    """
)

RULES: Rules = (
    ("tch", "ctS"),
    ("(?<=.)(?:ss|s|t)ion", "S@n"),
    ("(?<=.)tien", "S@n"),
    ("(?<=[a-z]{2})age(?=s?$)", "idZ"),
    ("(?<=[rt])ough(?!t)", "af"),
    ("crea", "ctriei"),
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
    ("(?<!^be)g(?=e$|es$|ed$|ent|en[ct]|i[cnt]|y$|er(?!t)|eo)|j", "dZ"),
    ("s?c(?=[eiy])", "s"),
    ("x", "cts"),
    ("^y|(?<=[aeiou])y(?=[aeiou])", "j"),
    ("(?<=^[bcdfglmnpstvw])y$|(?<=^[bcdfgpst][lrhk])y$", "ai"),
    ("eau|oa|oe$|ow(?=$|s$|n$|ed$|ing$|er)", "ou"),
    ("[ei]ar(?=$|s$|ly$)|eer", "ir"),
    ("ia(?=[lt])", "ai@"),
    ("iew", "ju"),
    ("oor|oar", "or"),
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
    ("al(?=[lkt])", "ol"),
    ("au|aw", "o"),
    ("ew|ue(?=$|s$|d$)|ui(?=t)", "u"),
    ("a(?=[bcdfgklmnpstvz]e(?:[sd]|ly|r|ment)?$|[cdgmpstvz]ing$|ble|tion|ste)", "ei"),
    ("i(?=[bcdfgklmnpstvz]e(?:[sd]|ly|r)?$|nd$|ld$|[dkmnptvz]ing$|re)", "ai"),
    ("o(?=[bcdfgklmnpstvz]e(?:[sd]|ly|r)?$|ld|st$|ll$|[dkmnptvs]ing$)", "ou"),
    ("u(?=[bcdfgklmnpstvz]e(?:[sd]|ly|r)?$|[dkmnptvs]ing$)", "u"),
    ("e(?=[bcdfgklmnpstvz]e$|re$)", "i"),
    ("y(?=[bcdfgklmnpstvz]e)", "ai"),
    ("(?<!^c)o(?=[kptv]en)", "ou"),
    ("(?<=[^aeiouyl])le(?=$|s$|d$)", "@l"),
    ("(?<=[^aeiouy])re$|[eiu]r(?![aeiour])|or$|ar(?=$|d$)(?<=[a-z]{3}ar)", "@r"),
    ("ar(?![aeiou])", "ar"),
    ("or(?![aeiou])", "or"),
    ("(?<=[td])ed$", "@d"),
    ("(?<=[aeiou])sed$", "zd"),
    ("(?<=[kpsfxch])ed$", "ct"),
    ("(?<=[a-z]{2})ed$", "d"),
    ("(?<=[szxcg])es$|(?<=[sc]h)es$", "@z"),
    ("(?<=[a-z]{2})es$|(?<=[aeioubdglmnrvwy])s$", "z"),
    ("(?<=[aeiou])s(?=[aeiou])", "z"),
    ("(?<=[a-z]{2})e(?=$|ly$|ment|less|ful)", ""),
    ("^a(?=bb|cc|ff|ll|nn|pp|rr|ss|tt|[bcdfglmprstv][aeiou][a-z]{2})|(?<=[a-z]{2})a$", "@"),
    ("(?<=[a-z]{2})[aeo](?=[nl]$|n[ct]e?s?$|ncy$|t$)", "@"),
    ("(?<=[^aeiouy])y(?=$)", "i"),
    ("o(?=$)", "o"),
    ("o(?![aeiouwr])", "a"),
    ("u(?=[bcdfgklmnpstvz]{2}|[a-z]$)", "a"),
)
ENGLISH = Speller(RULES, IRREGULAR)
