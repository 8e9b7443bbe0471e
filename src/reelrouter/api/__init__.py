"""Everything that knows HTTP. Each handler reads: parse, one call into the gateway, render."""
