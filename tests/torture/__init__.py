"""`make torture`: a whole gateway under load while everything around it fails, and a verdict from what others saw.

Read `plan` (what happens when, from a seed), `run` (from the start to the evidence), `verdict` (the promises).

What the faults are, and what they are not:

* A kill is SIGKILL to one process, or to all of a PostgreSQL server's at once. Supervisors start them again.
  Power cuts of the machine are not among them: the kernel lives, so that what was written is there without a
  flush.
* A full disk is a limit on the size of files, set on living processes (RLIMIT_FSIZE 0), which needs no
  privilege: every write to a file fails, in the database, in storage and in the log, and everything that is open
  stays so. The kernel says EFBIG where a disk would say ENOSPC, which SQLite calls an I/O error and not a full
  disk.
* Storage that is away is a folder that is gone, with a file in its place, or a bucket that hangs up or refuses its
  key, for up to a minute and a half. A vendor's files stay where they are meanwhile.
* A rude vendor answers in ways that it does not document (`emulators/rude.py`): strange words and ids, refusals
  under HTTP 200, pages of HTML, files that come late, texts that cannot be stored.
* A clock that jumps is `time.time` moved by up to an hour, in one machine's processes; on PostgreSQL each
  process is a machine of its own, so that they disagree. The server's clock, files' times and the kernel's clock
  stay true. On SQLite an hour forward ends what is under way by its deadline, rightly, unbilled; on PostgreSQL
  the server's clock counts, and it ends nothing. When calm comes, all clocks are put to the latest hour that any
  has shown: what was promised for an hour is then due, and not an hour late.
* Vendors, receivers and clients are the harness, and survive everything: their journals are the truth.

What is left over: a file of an output is an orphan if no row of a job names it, from the calm on. A file of a
job that was deleted or whose time is over may linger until its retention ends. A day after the calm everything
has had its time: then no file of any job, download or write may be left, in storage or in a work folder.
"""
