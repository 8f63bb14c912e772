// Whether records of one device fit each other, across holes too: docs/protocol.md, section 12.
// What is simply not there is no lie, but it is said.

import { equal, hex } from "./bytes.js";
import { OPENING, TOMBSTONE } from "./record.js";

export const place = (epoch, seq) => `${hex(epoch)}/${seq}`;

// [record, problem, text] for every record whose joint to the left does not hold. `committed`: by
// epoch (hex), runs [first, last] of numbers whose every record the log commits to.
export function troubles(records, committed) {
  const found = [];
  const holes = new Map(
    records
      .filter((one) => one.kind === TOMBSTONE)
      .flatMap((one) => one.body.get(0))
      .map((hole) => [place(hole[0], hole[1]), hole]),
  );
  const hashes = new Map(records.map((one) => [place(one.epoch, one.seq), one.hash]));
  for (const [epoch, run] of runs(records)) {
    run.sort((one, other) => one.seq - other.seq);
    found.push(...atOpening(run[0], hashes));
    const crossing = { holes, committed: committed.get(epoch) || [] };
    for (let at = 1; at < run.length; at += 1) found.push(...atJoint(run[at - 1], run[at], crossing));
  }
  return found;
}

export function leftOut(records, committed) {
  let count = 0;
  for (const [epoch, run] of runs(records)) {
    const held = new Set(run.map((one) => one.seq));
    const low = run.reduce((least, one) => Math.min(least, one.seq), Infinity);
    const high = run.reduce((most, one) => Math.max(most, one.seq), 0);
    for (const [first, last] of committed.get(epoch) || [])
      for (let seq = Math.max(first, low); seq <= Math.min(last, high); seq += 1)
        if (!held.has(seq)) count += 1;
  }
  return count;
}

function runs(records) {
  const epochs = new Map();
  for (const one of records) {
    const epoch = hex(one.epoch);
    if (!epochs.has(epoch)) epochs.set(epoch, []);
    epochs.get(epoch).push(one);
  }
  return epochs;
}

function atOpening(first, hashes) {
  const head = first.kind === OPENING ? first.body.get(4) : null;
  if (head === null) return [];
  const held = hashes.get(place(head[0], head[1])) || head[2];
  if (equal(held, head[2])) return [];
  return [[first, "broken-chain", "the head it names is another record"]];
}

function atJoint(left, right, crossing) {
  if (equal(left.hash, right.hash)) return [[right, "malformed", "the same record twice"]];
  if (left.seq === right.seq) return [[right, "fork", "two records of one number"]];
  if (left.kid !== right.kid) return [[right, "mixed-epochs", "another key within the epoch"]];
  const [expected, known] = across(left, right.seq, crossing);
  if (expected !== right.seq)
    return [[right, "broken-chain", `${expected}..${right.seq - 1} before it missing`]];
  if (known && !equal(known, right.prev))
    return [[right, "broken-chain", "prev is not the hash of the record before"]];
  return [];
}

// The number that must follow, and its prev; no prev behind numbers that only the log vouches for.
function across(left, stop, { holes, committed }) {
  let [expected, known] = [left.seq + 1, left.hash];
  while (expected < stop) {
    const hole = holes.get(place(left.epoch, expected));
    if (!hole || !equal(hole[3], known) || hole[2] >= stop)
      return vouched(expected, stop, committed, known);
    [expected, known] = [hole[2] + 1, hole[4]];
  }
  return [expected, known];
}

function vouched(start, stop, committed, known) {
  let expected = start;
  for (const [first, last] of [...committed].sort((one, other) => one[0] - other[0]))
    if (first <= expected && expected <= last) expected = Math.min(last + 1, stop);
  return [expected, expected === start ? known : null];
}
