"""The Python client: submits, waits and downloads, against this gateway or any other server of the contract."""
