"""Whether somebody waits for a lock that this session holds.

`pg_locks` shows the whole server, where the databases of other test processes are, too.
"""

from typing import LiteralString

WAITS_FOR_US: LiteralString = (
    "SELECT FROM pg_locks WHERE NOT granted"
    " AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
)
