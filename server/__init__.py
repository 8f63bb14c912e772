"""The companion server: the public log, the devices that feed it, and the pages that show it."""
