"""The few sentences that the server itself says to a caller, in the languages that the agent may speak."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrases:
    """What a caller hears from the server, never from the model. `language` is the `<Say>` tag's BCP 47 name."""

    language: str
    away: str
    full: str
    nobody: str


_BY_LANGUAGE = {
    "en": Phrases(
        "en-US",
        "I am sorry, I can't go on with this call right now. Please try again in a few minutes.",
        "I am sorry, all our lines are busy. Please call again in a few minutes.",
        "I am sorry, nobody could take your call. Please try again later.",
    ),
    "es": Phrases(
        "es-ES",
        "Lo siento, ahora no puedo seguir con esta llamada. Por favor, inténtelo de nuevo en unos minutos.",
        "Lo siento, todas nuestras líneas están ocupadas. Por favor, vuelva a llamar en unos minutos.",
        "Lo siento, nadie ha podido atender su llamada. Por favor, inténtelo más tarde.",
    ),
    "de": Phrases(
        "de-DE",
        "Es tut mir leid, ich kann gerade nicht weitersprechen. Bitte rufen Sie in einigen Minuten noch einmal an.",
        "Es tut mir leid, alle Leitungen sind belegt. Bitte rufen Sie in einigen Minuten noch einmal an.",
        "Es tut mir leid, niemand konnte Ihren Anruf annehmen. Bitte versuchen Sie es später noch einmal.",
    ),
    "fr": Phrases(
        "fr-FR",
        "Je suis désolé, je ne peux pas poursuivre cet appel pour le moment. Veuillez réessayer dans quelques minutes.",
        "Je suis désolé, toutes nos lignes sont occupées. Veuillez rappeler dans quelques minutes.",
        "Je suis désolé, personne n'a pu prendre votre appel. Veuillez réessayer plus tard.",
    ),
    "it": Phrases(
        "it-IT",
        "Mi dispiace, al momento non posso continuare la chiamata. La prego di riprovare tra qualche minuto.",
        "Mi dispiace, tutte le linee sono occupate. La prego di richiamare tra qualche minuto.",
        "Mi dispiace, nessuno ha potuto rispondere alla sua chiamata. La prego di riprovare più tardi.",
    ),
}


def phrases(language: str | None) -> Phrases:
    """The sentences in this language (`en`, `es-MX`, ...), in English where we have no others."""
    return _BY_LANGUAGE.get((language or "en")[:2].lower(), _BY_LANGUAGE["en"])
