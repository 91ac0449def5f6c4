"""What translates between Twilio and the model."""

from .twilio_openai_adapter import TwilioOpenAIAdapter

__all__ = ["TwilioOpenAIAdapter"]
