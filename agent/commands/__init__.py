"""One module per command of `jagalchi-agent`; each has `execute(options) -> exit code`.

Imported only when asked for, so that the daemon never pays for what it does not do.
"""
