"""The rehearsal: a stand-in phone, a stand-in model, and speech whose words have known times.

`phone.Phone` does what Twilio does around a call, `model.Model` what the Realtime API does inside of it, `truth`
compares what the one played with what the other generated. The `rehearse` command and the tests use these and no
others.
"""
