"""Every table, in one place. Times are Unix milliseconds, money is nano-dollars, JSON is text.

`accounts` and `jobs` write their own rows with their own SQL; nobody else has any.
"""

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


def _integer(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=null, server_default=default)


workspaces = sa.Table(
    "workspaces",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("slug", sa.Text, nullable=False, unique=True),
    _text("name"),
    _text("link_secret"),  # URL-safe base64; rotating it kills every signed link of the workspace
    _text("description", null=True),
    _text("callback_url", null=True),  # where its jobs' ends are told of, unless a request says otherwise
    _integer("zdr", default="0"),  # 1: no job may be routed to where its data is kept
    _integer("strict", default="0"),  # 1: what would be accepted with a warning is refused
    _integer("retention", null=True),  # seconds that its videos are kept; null: the gateway's own
    _text("allowed_models", null=True),  # JSON list; null: all
    _text("allowed_providers", null=True),  # JSON list of endpoints or their aliases; null: all
    _text("provider_sort", null=True),  # price | latency
    _integer("concurrency", null=True),  # unfinished jobs at one time; null: no limit
    _integer("rate", null=True),  # requests a minute; null: no limit
    _integer("created_at"),
    _integer("updated_at", null=True),
    _integer("deleted_at", null=True),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("workspace"),
    _text("mode"),  # live | test | management
    sa.Column("hash", sa.Text, nullable=False, unique=True),  # keyed hash; the key itself is never stored
    _text("label"),  # the first characters, so that people can tell keys apart
    _text("name"),
    _integer("strict", default="0"),
    _integer("concurrency", null=True),
    _integer("rate", null=True),
    _integer("expires_at", null=True),
    _integer("created_at"),
    _integer("updated_at", null=True),
    _integer("disabled_at", null=True),
    _integer("deleted_at", null=True),
    sa.Index("ix_api_keys_workspace", "workspace"),
)

budgets = sa.Table(
    "budgets",
    metadata,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("mode", sa.Text, primary_key=True),
    _integer("amount", null=True),  # null: no limit
    _integer("held", default="0"),  # the sum of open holds
    _integer("settled", default="0"),  # the sum of charges in the ledger
)

limits = sa.Table(
    "limits",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("subject"),  # the workspace or the key whose spending it limits
    _text("period"),  # total | daily | weekly | monthly: when it starts anew, UTC
    _integer("amount"),
    _integer("held", default="0"),  # the sum of the open holds that name it
    _integer("settled", default="0"),  # the sum of its subject's charges since `since`
    _integer("since", default="0"),  # the first day, since 1970, that `settled` counts
    _integer("include_byok", default="0"),  # 1: jobs on the workspace's own vendor keys count at their list price
    _integer("created_at"),
    _integer("updated_at", null=True),
    sa.Index("uq_limits_subject_period", "subject", "period", unique=True),
)

holds = sa.Table(
    "holds",
    metadata,
    sa.Column("job_id", sa.Text, primary_key=True),
    _text("workspace"),
    _text("mode"),
    _integer("amount"),
    _text("limits", null=True),  # JSON: what it has taken from which limits, by their ids
    _text("state"),  # open | settled | released
    sa.Index(
        "ix_holds_open",
        "mode",
        "amount",
        "state",  # only here so that sums read the index alone
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    ),
)

ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),  # <job id>:<kind>: a job is charged once, whatever happens
    _text("workspace"),
    _text("mode"),
    _text("job_id", null=True),
    _text("kind"),  # credit | charge | vendor_cost
    _integer("amount"),
    _text("note", null=True),  # what a person said of it
    _integer("created_at"),
    sa.Index("ix_ledger_listed", "workspace", "mode", "created_at"),
    sa.Index(
        "ix_ledger_billed",
        "created_at",
        "mode",
        "workspace",  # all from here on only so that sums over many bills read the index alone
        "kind",
        "job_id",
        "key",
        "amount",
        sqlite_where=sa.text("kind = 'vendor_cost'"),
        postgresql_where=sa.text("kind = 'vendor_cost'"),
    ),
)

spending = sa.Table(
    "spending",
    metadata,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("day", sa.BigInteger, primary_key=True),  # whole days since 1970, UTC
    _integer("amount"),  # the sum of that day's charges in the ledger for jobs of that key
    _integer("fees", default="0"),  # of it, for jobs on the workspace's own vendor keys
    _integer("byok", default="0"),  # the list prices of those jobs
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("workspace"),
    _text("key_id"),
    _text("mode"),
    _text("status"),
    _integer("version"),  # grows with each change of any job: what readers remember
    _integer("created_at"),
    _integer("updated_at"),
    _integer("deadline_at"),
    _integer("finished_at", null=True),
    _integer("expires_at", null=True),  # when the outputs' retention ends
    _integer("dropped_at", null=True),  # when the outputs were removed from storage
    _integer("deleted_at", null=True),
    _text("model"),
    _text("plan"),
    _text("spares", null=True),  # JSON list: the plans with the request's fallback models, if it named any
    _text("routes"),
    _text("queue"),  # which account at which endpoint it waits for, or was started for
    _text("remarks"),  # what only the caller's own views need: attribution, callback
    _text("shown"),  # JSON: the part of status answers that its plan fixes; with `model`, of whoever took it last
    _text("base_url"),  # where the caller reached us; addresses in later answers begin with it
    _integer("run", default="0"),  # workflow runs so far; 0: not started
    _integer("lost_runs", default="0"),  # those of them that broke off and had to be replaced
    _integer("started_at", null=True),  # null while it waits in a queue
    _text("driver", null=True),  # the process that works on its run; see `engines`
    _integer("not_before", default="0"),  # when it may be started: a vendor asked to be left alone until then
    _integer("attempt_limit", null=True),  # in all, after a restore; null: as many as its routes allow
    _integer("cancel_requested_at", null=True),
    _integer("nudged_at", null=True),  # when a vendor called about it; one more than any other's, if that is later
    sa.Column("progress", sa.Float, nullable=True),
    _text("provider", null=True),
    _text("external_user", null=True),  # the caller's own word for whom the job is for
    _text("session_id", null=True),
    _integer("is_byok", default="0"),  # 1: made on one of the workspace's own vendor keys
    _integer("zdr", default="0"),  # 1: prompt and inputs go at its end, the video soon after
    _integer("retention", null=True),  # seconds that its video is kept; null: the gateway's own
    _text("failure", null=True),  # JSON: class, error_type, message, vendor_code
    _text("outputs", null=True),  # JSON list of StoredFile
    _integer("output_count", default="0"),
    _integer("stored_bytes", null=True),  # the size of its outputs together; null without any
    _text("traceparent", null=True),  # the span of its submit, where traces are kept
    _integer("estimate"),
    _integer("price", null=True),  # what the workspace pays
    _integer("list_price", null=True),  # what the catalogue asks for what was made
    _integer("vendor_cost", null=True),  # what the operator pays, as far as the vendor tells
    sa.Index(
        "ix_jobs_waiting",
        "queue",
        "workspace",
        "created_at",
        "not_before",
        "finished_at",  # these two are only here so that counting those that wait reads the index alone
        "started_at",
        sqlite_where=sa.text("started_at IS NULL AND finished_at IS NULL"),
        postgresql_where=sa.text("started_at IS NULL AND finished_at IS NULL"),
    ),
    sa.Index(
        "ix_jobs_held_back",
        "not_before",
        sqlite_where=sa.text("started_at IS NULL AND finished_at IS NULL AND not_before > 0"),
        postgresql_where=sa.text("started_at IS NULL AND finished_at IS NULL AND not_before > 0"),
    ),
    sa.Index(
        "ix_jobs_left",
        "not_before",
        sqlite_where=sa.text("started_at IS NULL AND finished_at IS NULL AND not_before < 0"),
        postgresql_where=sa.text("started_at IS NULL AND finished_at IS NULL AND not_before < 0"),
    ),
    sa.Index(
        "ix_jobs_moving",
        "queue",
        "workspace",
        "finished_at",  # these two are only here so that counting a queue reads the index alone
        "started_at",
        sqlite_where=sa.text("started_at IS NOT NULL AND finished_at IS NULL"),
        postgresql_where=sa.text("started_at IS NOT NULL AND finished_at IS NULL"),
    ),
    sa.Index(
        "ix_jobs_cancelling",
        "cancel_requested_at",
        sqlite_where=sa.text("cancel_requested_at IS NOT NULL AND finished_at IS NULL"),
        postgresql_where=sa.text("cancel_requested_at IS NOT NULL AND finished_at IS NULL"),
    ),
    sa.Index(
        "ix_jobs_kept",
        "expires_at",
        sqlite_where=sa.text("outputs IS NOT NULL AND dropped_at IS NULL"),
        postgresql_where=sa.text("outputs IS NOT NULL AND dropped_at IS NULL"),
    ),
    sa.Index(
        "ix_jobs_stored",
        "stored_bytes",
        "dropped_at",  # only here so that the sum reads the index alone
        sqlite_where=sa.text("stored_bytes IS NOT NULL AND dropped_at IS NULL"),
        postgresql_where=sa.text("stored_bytes IS NOT NULL AND dropped_at IS NULL"),
    ),
    sa.Index(
        "ix_jobs_nudged",
        "nudged_at",  # those that have ended too, so that the newest nudge of all is always found
        sqlite_where=sa.text("nudged_at IS NOT NULL"),
        postgresql_where=sa.text("nudged_at IS NOT NULL"),
    ),
    sa.Index(
        "ix_jobs_unfinished",
        "workspace",
        "mode",
        "key_id",
        "finished_at",  # only here so that counting reads the index alone
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    ),
    sa.Index(
        "ix_jobs_of_user",
        "workspace",
        "mode",
        "external_user",
        "created_at",
        "id",
        sqlite_where=sa.text("external_user IS NOT NULL"),
        postgresql_where=sa.text("external_user IS NOT NULL"),
    ),
    sa.Index(
        "ix_jobs_of_session",
        "workspace",
        "mode",
        "session_id",
        "created_at",
        "id",
        sqlite_where=sa.text("session_id IS NOT NULL"),
        postgresql_where=sa.text("session_id IS NOT NULL"),
    ),
    sa.Index(
        "ix_jobs_charged",
        "finished_at",
        "workspace",
        "mode",  # all from here on only so that sums over many jobs read the index alone
        "model",
        "provider",
        "key_id",
        "external_user",
        "session_id",
        "is_byok",
        "price",
        "list_price",
        "vendor_cost",
        sqlite_where=sa.text("price IS NOT NULL"),
        postgresql_where=sa.text("price IS NOT NULL"),
    ),
    sa.Index("ix_jobs_listed", "workspace", "mode", "created_at", "id"),
    sa.Index("ix_jobs_of_key", "workspace", "mode", "key_id", "created_at", "id"),
    sa.Index("ix_jobs_of_model", "workspace", "mode", "model", "created_at", "id"),
    sa.Index("ix_jobs_of_status", "workspace", "mode", "status", "created_at", "id"),
    sa.Index("ix_jobs_version", "version"),
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("job_id", sa.Text, primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("plan", sa.Integer, nullable=False, server_default="0"),  # which of the job's plans it carries out
    _text("endpoint"),
    _text("credential"),
    _text("key"),  # what the vendor may know the attempt by
    _text("owner"),  # the process that may send it, and no other
    _integer("intent_at"),
    _text("handle", null=True),  # JSON, set once the backend has accepted
    _text("outcome", null=True),  # JSON, set once; null while the attempt is alive
    _integer("ended_at", null=True),
    _integer("look_at", null=True),  # when the vendor is asked what became of it after its job had ended
    _text("trouble", null=True),  # JSON: why its polls are not understood or not answered; null while they are
    sa.Index(
        "ix_attempts_late",
        "look_at",
        sqlite_where=sa.text("look_at IS NOT NULL"),
        postgresql_where=sa.text("look_at IS NOT NULL"),
    ),
    sa.Index(
        "ix_attempts_troubled",
        "endpoint",
        sqlite_where=sa.text("trouble IS NOT NULL"),
        postgresql_where=sa.text("trouble IS NOT NULL"),
    ),
    sa.Index(
        "ix_attempts_ended",
        "endpoint",
        "credential",
        "ended_at",
        sqlite_where=sa.text("ended_at IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    ),
)

endpoint_marks = sa.Table(
    "endpoint_marks",
    metadata,
    sa.Column("endpoint", sa.Text, primary_key=True),
    _integer("drifted_at"),  # when it last answered in a way that nobody here has a word for
    _text("reason"),  # what it said, for operators
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("mode", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),  # the client's own word for one submit
    _text("fingerprint"),  # of what was sent under it
    _text("job_id"),
    sa.Column("created_at", sa.BigInteger, nullable=False, index=True),
)

inputs = sa.Table(
    "inputs",
    metadata,
    sa.Column("job_id", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Index("ix_inputs_key", "key"),
)

webhook_secrets = sa.Table(
    "webhook_secrets",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("workspace"),
    _text("sealed"),  # encrypted: signing needs the secret itself
    _integer("created_at"),
    _integer("expires_at", null=True),  # set when a newer one takes its place
    sa.Index("ix_webhook_secrets_workspace", "workspace"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("workspace"),
    _text("mode"),
    _text("job_id", null=True),  # null: a test
    _text("event"),  # video.generation.completed, …
    sa.Column("key", sa.Text, nullable=False, unique=True),  # the same on every repeat: receivers go by it
    _text("url"),
    _text("host"),  # of the address: the deliveries to one host wait for each other, and for nobody else
    _text("body"),
    _integer("pretend", default="0"),  # how many attempts are to fail without being sent: a test prompt's wish
    _integer("created_at"),
    _text("state"),  # waiting | delivered | failed
    _integer("tries", default="0"),
    _integer("due_at", null=True),  # null once it is over
    _integer("ended_at", null=True),
    sa.Index(
        "ix_deliveries_due",
        "host",
        "due_at",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    ),
    sa.Index(
        "ix_deliveries_ended",
        "ended_at",
        sqlite_where=sa.text("ended_at IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    ),
    sa.Index("ix_deliveries_listed", "workspace", "mode", "created_at", "id"),
    sa.Index("ix_deliveries_job", "job_id"),
)

delivery_attempts = sa.Table(
    "delivery_attempts",
    metadata,
    sa.Column("delivery_id", sa.Text, primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True),
    _integer("sent_at"),
    _integer("latency", null=True),  # milliseconds
    _integer("status", null=True),  # of HTTP; null if there was no answer
    _text("response", null=True),  # the first bytes of the answer's body
    _text("error", null=True),
)

vendor_keys = sa.Table(
    "vendor_keys",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("workspace"),
    _text("provider"),
    _text("name"),
    _text("label"),  # a few characters, so that people can tell them apart
    _text("sealed"),  # encrypted JSON of the account's values; never shown again
    _text("allowed_models", null=True),  # JSON list; null: all
    _text("allowed_keys", null=True),  # JSON list of API keys' ids; null: all
    _integer("position", default="0"),  # which of several is tried first
    _integer("is_fallback", default="0"),  # 1: it is tried after the operator's accounts, and not before them
    _integer("is_required", default="0"),  # 1: the operator's accounts are not used for the models it is for
    _integer("is_byok_only", default="0"),  # 1: nor for any other model of the provider
    _integer("disabled_at", null=True),
    _integer("created_at"),
    _integer("updated_at", null=True),
    sa.Index("ix_vendor_keys_workspace", "workspace", "provider"),
)

turnstiles = sa.Table(
    "turnstiles",
    metadata,
    sa.Column("queue", sa.Text, primary_key=True),
    _integer("full_at"),  # in Unix microseconds: when a rate has been made up for, see `turnstile.Turnstile`
)

engines = sa.Table(
    "engines",
    metadata,
    sa.Column("slot", sa.Text, primary_key=True),
    _text("owner"),  # the newest start in this slot, as `jobs.driver` and `attempts.owner` name it
    _integer("seen_at"),  # when it last showed that it works
)

durations = sa.Table(
    "durations",
    metadata,
    sa.Column("endpoint", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),  # what was made there: model, length and resolution
    _text("samples"),  # JSON list: the seconds that the newest videos of this kind took, oldest first
    _integer("updated_at"),
)

schema_floor = sa.Table(
    "schema_floor",
    metadata,
    sa.Column("works_with", sa.Text, primary_key=True),  # the oldest revision whose program may use the database
    _text("upgraded_by"),  # the version of the program that brought it to where it is
)
