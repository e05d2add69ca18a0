"""What holds for every test."""

from __future__ import annotations

import signal

# A shell's background job inherits that ^C is ignored, and so would the processes that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
