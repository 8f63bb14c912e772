"""What an office's list looks like, so that it is said once."""

from __future__ import annotations

from django.db import models

from server.accounts.models import Organisation


class ColumnMap(models.Model):
    """Which header of an organisation's list is which column; canonical JSON."""

    organisation = models.OneToOneField(Organisation, models.PROTECT, primary_key=True)
    columns = models.TextField()
    told_ms = models.BigIntegerField()
