"""Phone agents on Twilio and the OpenAI Realtime API, with a transcript of exactly the words that the caller heard."""

__version__ = "0.1.0"
