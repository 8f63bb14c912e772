"""The installer and the units on a real systemd: a Debian that boots in a container of its own."""
