"""What temperature does to fish. Pure: no table, no clock, no IO."""
