"""The database: every table, the one way to write, and the migrations. SQL itself belongs to the stations."""
