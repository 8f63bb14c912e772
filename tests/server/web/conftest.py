"""The same client and truck as the devices' tests."""

from tests.server.devices.conftest import client, truck

__all__ = ["client", "truck"]
