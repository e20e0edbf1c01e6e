"""The texts of ``docs/PERFORMANCE.md``, between its tables."""

from .caching import CONNECTIONS, SECONDS
from .rows import VERSIONS

CONDITIONS = """\
`make bench` wrote this page. All figures are medians of {rounds} rounds of one run, in which the contenders
took turns in rotating order. CPU is the CPU time per request of all processes of the server and of
PostgreSQL, as reported by the kernel. The ratio compares the CPU time per request within a round: if it is
below 1, heroesite costs less. In a separate pass, a proxy counted the round trips to the database.

- **Machine**: {cores} cores, {memory:.0f} GiB memory, {processor}, {system}
- **When**: {date}, commit {commit}
- **Commands**: `make bench ROUNDS={rounds} HEROES={heroes}` for this page, `make bench-quick` for a few cases
  in two minutes, `make profile CASE=list` for the time in each layer
- **All**: {workers} worker processes, PostgreSQL {postgresql} with default settings on the same machine,
  1,000 teams and {heroes:,} heroes, wrk with 8 keep-alive connections unless a row says otherwise
- **heroesite**: {ours}; production mode with logging, gunicorn with `deploy/gunicorn.conf.py`, limits off
- **Peers** (`benchmarks/peers/`): {peers}; uvicorn without access log, gunicorn with 4 threads and
  persistent connections

Before the contenders were timed, their responses were compared: all of them return the same rows with the
same members. heroesite does more work for them. The peers have **no** users, tokens or permissions, no
history, no versions that detect conflicts, no ETags, no strict parameters, no limits and no names that are
unique regardless of case. Of the peers, only DRF has links between pages. Only requests to heroesite
contain a token, which belongs to an editor. The peers have indexes on name and team; heroesite has one on
every column of its own table by which a list can be sorted. FastAPI + SQLModel isn't measured with 256 or
more connections, because most of its requests would time out.
"""

GROWTH = f"""\
Milliseconds per request, sent one at a time, by number of heroes, on PostgreSQL. The history has {VERSIONS}
entries for each hero.
"""
BEHIND_NGINX = f"""\
Visitors' requests to one address through nginx with `deploy/nginx.conf`, which stores a response for at most
a second: wrk with {CONNECTIONS} keep-alive connections for {SECONDS} seconds, on the same machine. Meanwhile,
a client checked every 10 ms whether it still got the same response; the table has the longest time that it
did. Before that, requests with a cookie or a token were checked to bypass the cache.
"""
GOALS = """\
A value with “×” is the median ratio of the CPU time to that of the peer.
"""
LIMITS = """\
Why heroesite doesn't meet some of its goals, in milliseconds of CPU time per request on the machine for which
they were set. `make profile` shows the time in each layer.

- **One hero**: gunicorn takes 0.18 to call an empty application that sends as many headers, PostgreSQL
  takes 0.1, and Django, the middleware and the plan take 0.2, half of it in the driver and to send and
  receive. They take another 0.2 while wrk, PostgreSQL and both processes compete for two cores. Tried: a
  line of the log costs 0.06; a thread that waits for the next request of its connection saves 0.04, and one
  thread per process instead of four 0.03, but then one slow client blocks a process; libpq's prepared
  statements without psycopg's cursor would save 0.02; a parser in C for gunicorn saved 0.02 and changed two
  statuses.
- **Writes**: PostgreSQL takes 0.5 to 0.7 for the record, its history entry and its change set with their
  indexes and foreign keys. In one process, DELETE takes 0.5 besides: what one hero with a token takes, and
  a second round trip. A single round trip would have to check permissions and validate in SQL.
- **SQLite**: a write is five or more statements, because SQLite has none that writes to several tables.
- **Many connections**: at 0.7 per request, two cores that also run PostgreSQL and wrk can't respond to
  3,000 requests per second.
- **nginx**: wrk and nginx share the two cores. nginx serves a stored response without asking heroesite.
- **Stored pages**: 0.16 are heroesite's, 0.06 PostgreSQL's; the rest is gunicorn's.
- **Computed pages**: within 5 percent of their goals, and not at a limit yet. A third of the list is the
  rendering of templates and rows.

These gain less than 5 percent, as tried or as a profile shows, and were dropped: freezing objects for the
garbage collector, negotiating the content type early, skipping the middleware of pages for API reads
without a plan, a table of compiled URLs, and a first stack chunk per request instead of per thread.
"""
MEMORY = """\
The larger worker of one site that gets all of this load: reads of one hero over many connections, then a mix
of reads of the API and of pages at different addresses, and 5% PATCH.
"""
