"""Tables of the cold chain: parties, lots, custody, labels, findings, recalls, tracks."""

from server.coldchain.models.custody import (
    Award,
    Handover,
    OnPallet,
    Pallet,
    Stay,
)
from server.coldchain.models.due import DueLot, DueRoom, DueSign
from server.coldchain.models.labels import Label, Roll, Scan
from server.coldchain.models.listing import ColumnMap
from server.coldchain.models.lots import (
    Event,
    EventLot,
    Link,
    Lost,
    Lot,
)
from server.coldchain.models.parties import Party, Place, Room
from server.coldchain.models.quality import (
    Hold,
    Inspection,
    Problem,
    Purchase,
    Sample,
)
from server.coldchain.models.recall import Recall, RecallHolder, RecallLot
from server.coldchain.models.tracks import (
    Cell,
    Excursion,
    Followed,
    Hint,
    Result,
    SensorSign,
    SpanRead,
    Track,
)

__all__ = [
    "Award",
    "Cell",
    "ColumnMap",
    "DueLot",
    "DueRoom",
    "DueSign",
    "Event",
    "EventLot",
    "Excursion",
    "Followed",
    "Handover",
    "Hint",
    "Hold",
    "Inspection",
    "Label",
    "Link",
    "Lost",
    "Lot",
    "OnPallet",
    "Pallet",
    "Party",
    "Place",
    "Problem",
    "Purchase",
    "Recall",
    "RecallHolder",
    "RecallLot",
    "Result",
    "Roll",
    "Room",
    "Sample",
    "Scan",
    "SensorSign",
    "SpanRead",
    "Stay",
    "Track",
]
