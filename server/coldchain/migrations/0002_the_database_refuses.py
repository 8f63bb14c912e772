"""What must never be, whoever writes: an event that is edited, a step that no machine has, a lot in
two places at once, a label bound twice, a recall closed over an open holder.

A trigger raises its own name, by which server/coldchain/acting.py knows the reason.
"""

from django.db import migrations

from server.ledger.refusing import INSERT, UPDATE, Rule, kept, moves, operation, stays

ADDED_TO = ("eventlot", "link", "inspection", "purchase", "recalllot", "result")
KEPT = (
    "event",
    *ADDED_TO,
    "lot",
    "stay",
    "handover",
    "award",
    "label",
    "roll",
    "sample",
    "hold",
    "recall",
    "recallholder",
)
LOT_MOVES = """
    landed>passed-in landed>awarded landed>received landed>on-sale landed>sold landed>sold-out
    landed>scrapped landed>void sorted>passed-in sorted>awarded sorted>received sorted>on-sale
    sorted>sold sorted>sold-out sorted>scrapped sorted>void passed-in>awarded passed-in>received
    passed-in>on-sale passed-in>sold passed-in>sold-out passed-in>scrapped passed-in>void
    awarded>received awarded>on-sale awarded>sold awarded>sold-out awarded>scrapped awarded>void
    processed>received processed>on-sale processed>sold processed>sold-out processed>scrapped
    processed>void received>on-sale received>sold received>sold-out received>scrapped received>void
    on-sale>received on-sale>sold on-sale>sold-out on-sale>scrapped on-sale>void
"""
CUSTODY_MOVES = """
    proposed>accepted proposed>part proposed>refused proposed>one-sided proposed>withdrawn
    one-sided>accepted one-sided>part one-sided>refused
"""
HOLDER_MOVES = """
    listed>notified listed>unreached listed>acknowledged notified>acknowledged notified>unreached
    unreached>acknowledged
"""

RULES = [
    *(kept(f"{table}_is_kept", f"coldchain_{table}") for table in KEPT),
    *(stays(f"{table}_is_only_added_to", f"coldchain_{table}") for table in ADDED_TO),
    stays(
        "event_stays",
        "coldchain_event",
        "ref, kind, at_ms, noted_ms, organisation, actor, place_id, told, corrects_id, key, asked,"
        " leaf_hash",
    ),
    Rule(
        "said_is_only_erased",
        "coldchain_event",
        ("UPDATE OF said, salt",),
        "NEW.said <> '' OR length(NEW.salt) <> 0",
    ),
    stays("lot_stays", "coldchain_lot", "ref, event_id, maker_id"),
    moves("lot_moves", "coldchain_lot", "status", LOT_MOVES),
    moves("side_moves", "coldchain_lot", "side", ">held >recalled held> held>recalled"),
    Rule(
        "child_of_its_event",
        "coldchain_link",
        (INSERT,),
        "NEW.event_id <> (SELECT event_id FROM coldchain_lot WHERE id = NEW.child_id)",
    ),
    Rule(
        "stay_within_lot",
        "coldchain_stay",
        (INSERT,),
        """NEW.until_ms IS NULL AND (
            SELECT sum(grams) FROM coldchain_stay WHERE lot_id = NEW.lot_id AND until_ms IS NULL
        ) > (SELECT left_grams FROM coldchain_lot WHERE id = NEW.lot_id)""",
        ("coldchain_lot", "NEW.lot_id"),
    ),
    Rule(
        "stay_ends_once",
        "coldchain_stay",
        (UPDATE,),
        """OLD.until_ms IS NOT NULL OR OLD.lot_id <> NEW.lot_id OR OLD.room_id <> NEW.room_id
        OR OLD.grams <> NEW.grams OR OLD.boxes <> NEW.boxes OR OLD.from_ms <> NEW.from_ms
        OR OLD.loaded_id <> NEW.loaded_id""",
    ),
    moves("custody_moves", "coldchain_handover", "status", CUSTODY_MOVES),
    stays("handover_stays", "coldchain_handover", "lot_id, giver_id, taker_id, boxes, grams"),
    Rule(
        "label_binds_once",
        "coldchain_label",
        ("UPDATE OF lot_id, bound_id, bound_ms, void_ms",),
        """(OLD.lot_id IS NOT NULL AND (NEW.lot_id IS NULL OR NEW.lot_id <> OLD.lot_id))
        OR (OLD.void_ms IS NOT NULL AND (NEW.void_ms IS NULL OR NEW.lot_id IS NOT NULL
            AND OLD.lot_id IS NULL))""",
    ),
    moves("sample_moves", "coldchain_sample", "state", "taken>passed taken>failed"),
    moves("hold_moves", "coldchain_hold", "state", "held>released"),
    moves("recall_moves", "coldchain_recall", "state", "opened>notified notified>closed"),
    moves("holder_moves", "coldchain_recallholder", "state", HOLDER_MOVES),
    Rule(
        "recall_closes_complete",
        "coldchain_recall",
        ("INSERT", "UPDATE OF state"),
        """NEW.state = 'closed' AND EXISTS (
            SELECT 1 FROM coldchain_recallholder WHERE recall_id = NEW.id
            AND (state NOT IN ('acknowledged', 'unreached')
                OR recovered + destroyed + gone <> grams))""",
    ),
]


class Migration(migrations.Migration):
    dependencies = [("coldchain", "0001_tables")]

    operations = [operation(RULES)]
