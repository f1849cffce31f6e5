"""Watchfulness: what is wrong at this moment, who is told of it, and the status endpoint.

    watch = Watch(settings)
    watch.start()                    # the status endpoint, if there is one
    watch.store = store              # as soon as the database can be reached
    watch.tick()                     # about every TICK_SECONDS; never raises

`rules` says what is wrong from a `Snapshot` alone, `telling` takes it to people; `endpoint` and `metrics` answer
probes.
"""

from interest_ingest.watch.rules import disk_low
from interest_ingest.watch.watching import TICK_SECONDS, Watch

__all__ = ["TICK_SECONDS", "Watch", "disk_low"]
