"""Words of the five languages that spelling alone does not give: names of letters and signs, abbreviations, months."""

from __future__ import annotations

from string import ascii_lowercase

from ..tables import listed, paired, several


def _names(names: str) -> dict[str, str]:
    return dict(zip(ascii_lowercase, listed(names), strict=True))


# Spelt as the language's own letter rules would say them.
LETTERS: dict[str, dict[str, str]] = {
    "en": _names(
        "ay bee see dee ee eff jee aitch eye jay kay ell em en oh pee cue ar ess tee you vee double_you ex why zee"
    ),
    "es": _names(
        "a be ce de e efe ge hache i jota ca ele eme ene o pe cu erre ese te u uve uve_doble equis i_griega zeta"
    ),
    "de": _names(
        "ah beh zeh deh eh eff geh hah ih jott kah ell emm enn oh peh kuh err ess teh uh fau weh ix üpsilon zett"
    ),
    "fr": _names(
        "a bé cé dé euh effe gé ache i ji ka elle emme enne o pé cu erre esse té u vé double_vé ixe i_grec zède"
    ),
    "it": _names(
        "a bi ci di e effe gi acca i i_lunga cappa elle emme enne o pi cu erre esse ti u vu doppia_vu ics ipsilon zeta"
    ),
}
LETTERS["de"] |= {"ä": "äh", "ö": "öh", "ü": "üh", "ß": "eszett"}
LETTERS["es"] |= {"ñ": "eñe"}

POINT = paired("en=point es=coma de=komma fr=virgule it=virgola")
HYPHEN = paired("en=dash es=guion de=minus fr=tiret it=trattino")
SYMBOLS: dict[str, dict[str, str]] = {
    "en": paired(
        """
        &=and %=percent @=at .=dot _=underscore /=slash #=number +=plus °=degrees €=euros $=dollars £=pounds *=star
        """
    ),
    "es": paired(
        """
        &=y %=por_ciento @=arroba .=punto _=guion_bajo /=barra #=número +=más °=grados €=euros $=dólares £=libras
        *=asterisco
        """
    ),
    "de": paired(
        """
        &=und %=prozent @=ät .=punkt _=unterstrich /=schrägstrich #=nummer +=plus °=grad €=euro $=dollar £=pfund
        *=stern §=paragraf
        """
    ),
    "fr": paired(
        """
        &=et %=pour_cent @=arobase .=point _=tiret_bas /=slash #=numéro +=plus °=degrés €=euros $=dollars £=livres
        *=étoile
        """
    ),
    "it": paired(
        """
        &=e %=per_cento @=chiocciola .=punto _=trattino_basso /=barra #=numero +=più °=gradi €=euro $=dollari
        £=sterline *=asterisco
        """
    ),
}

ABBREVIATIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "en": several(
        """
        a.m.=ay_em p.m.=pee_em a.m=ay_em p.m=pee_em dr.=doctor|drive mr.=mister mrs.=missis ms.=miz st.=street|saint
        ave.=avenue ave=avenue blvd.=boulevard blvd=boulevard rd.=road rd=road ln.=lane ct.=court apt.=apartment
        apt=apartment ste.=suite no.=number|no w.=west|double_you e.=east|ee n.=north|en s.=south|ess vs.=versus
        vs=versus etc.=et_cetera e.g.=for_example|ee_jee i.e.=that_is|eye_ee approx.=approximately
        min.=minutes|minimum hr.=hour hrs.=hours ext.=extension inc.=incorporated|ink ltd.=limited co.=company
        jan.=january feb.=february mar.=march apr.=april aug.=august sept.=september sep.=september oct.=october
        nov.=november dec.=december mon.=monday tue.=tuesday wed.=wednesday thu.=thursday fri.=friday sat.=saturday
        sun.=sunday ft.=feet lb.=pounds lbs.=pounds oz.=ounces jr.=junior sr.=senior mph=miles_per_hour
        km=kilometers kg=kilograms
        """
    ),
    "es": several(
        """
        sr.=señor sra.=señora srta.=señorita dr.=doctor dra.=doctora ud.=usted uds.=ustedes vd.=usted avda.=avenida
        av.=avenida c/=calle núm.=número nº=número n.º=número tel.=teléfono h=horas|hache h.=horas hs=horas
        min=minutos etc.=etcétera kg=kilos|kilogramos km=kilómetros a.m.=a_eme|de_la_mañana p.m.=pe_eme|de_la_tarde
        pza.=plaza izq.=izquierda dcha.=derecha d.=don dña.=doña ee.uu.=estados_unidos
        """
    ),
    "de": several(
        """
        dr.=doktor hr.=herr fr.=frau prof.=professor str.=straße nr.=nummer z.b.=zum_beispiel d.h.=das_heißt
        bzw.=beziehungsweise usw.=und_so_weiter ca.=circa|zirka tel.=telefon min.=minuten std.=stunden
        inkl.=inklusive zzgl.=zuzüglich mwst.=mehrwertsteuer km=kilometer kg=kilogramm|kilo h=uhr|hah
        gmbh=geh_emm_beh_hah st.=sankt evtl.=eventuell mo.=montag di.=dienstag mi.=mittwoch do.=donnerstag
        fr=freitag sa.=samstag so.=sonntag|so eur=euro
        """
    ),
    "fr": several(
        """
        m.=monsieur mme=madame mme.=madame mlle=mademoiselle dr=docteur dr.=docteur h=heures|ache min=minutes
        mn=minutes etc.=et_cetera n°=numéro tél.=téléphone av.=avenue bd=boulevard bd.=boulevard km=kilomètres
        kg=kilos st=saint ste=sainte p.ex.=par_exemple svp=s'il_vous_plaît ttc=té_té_cé|toutes_taxes_comprises
        tva=té_vé_a eur=euros 1er=premier 1re=première 2e=deuxième
        """
    ),
    "it": several(
        """
        sig.=signor sig.ra=signora sig.na=signorina dott.=dottor dott.ssa=dottoressa dr.=dottor prof.=professor
        avv.=avvocato ing.=ingegner p.za=piazza v.le=viale n.=numero tel.=telefono ecc.=eccetera min.=minuti
        km=chilometri kg=chili|chilogrammi h=ore|acca es.=esempio ca.=circa s.p.a.=esse_pi_a srl=esse_erre_elle
        eur=euro
        """
    ),
}
"""Written with its full stop, or without where that is no other word -> the ways to say it."""

MONTHS: dict[str, tuple[str, ...]] = {
    "en": listed(
        """
        january february march april may june july august september october november december jan. feb. mar. apr.
        aug. sept. sep. oct. nov. dec. jan feb mar apr jun jul aug sept sep oct nov dec
        """
    ),
    "es": listed(
        """
        enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
        """
    ),
    "de": listed(
        """
        januar februar märz april mai juni juli august september oktober november dezember
        """
    ),
    "fr": listed(
        """
        janvier février mars avril mai juin juillet août septembre octobre novembre décembre
        """
    ),
    "it": listed(
        """
        gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
        """
    ),
}

SPELLED = frozenset(listed("AI AM ATM DIY EU EUR FAQ ID IOU IP IRS IT PM TV UK UPS URL USA USB UV"))
"""Said letter by letter although a vowel would let one read them as a word."""
