"""The LSTM with attention: what is special about it among the models."""

IDLE = ("decoder_0/kernel",)  # one position is decoded, and its input is zero
