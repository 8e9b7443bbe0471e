"""The durable life of a job: placed, started, submitted, awaited, finished. Only this station knows a `Job`."""
