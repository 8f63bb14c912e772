// Records: docs/protocol.md, section 3.2. `open` checks the form of sealed bytes, no signature.

import { equal, need, sha256 } from "./bytes.js";
import * as cose from "./cose.js";
import {
  EPOCH, HASH, I32, I53, SIZE, U16, U32, U53, U8,
  device, integer, maybe, numbered, octets, row, some, text,
} from "./shape.js";

export const OPENING = 1;
export const READING = 2;
export const TOMBSTONE = 7;
export const ROTATION = 8;

const KEYS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10];
const WITHOUT_VALUE = new Set([2, 3, 4, 6, 7, 9]);
const QUANTITY = integer(1, 4);
const REASON = integer(1, 6);
const HEAD = row(EPOCH, U32, HASH);

function measured(value) {
  need(Array.isArray(value) && (value.length === 5 || value.length === 6), "malformed", "measured");
  const [, , number, status, , ...raw] = value;
  row(U8, QUANTITY, maybe(I32), integer(0, 9), integer(1, 15))(value.slice(0, 5));
  need((number === null) === WITHOUT_VALUE.has(status), "malformed", "value and status");
  need(!raw.length || number !== null, "malformed", "a raw value without a value");
  raw.forEach(I32);
}

function position(value) {
  const place = [maybe(integer(-9e8, 9e8)), maybe(integer(-18e8, 18e8))];
  const rest = [maybe(U32), maybe(integer(0, 35999)), integer(0, 3), maybe(U8), maybe(U16), maybe(U53)];
  numbered(...place, ...rest)(value);
  const fix = value.get(4);
  need(fix !== 1, "out-of-range", "fix");
  const without = [value.get(0), value.get(1)].map((one) => one === null);
  need(without.every((one) => one === (fix === 0)), "malformed", "fix and place");
}

function parameters(value) {
  need(value instanceof Map, "malformed", "params");
  for (const [key, number] of value) {
    integer(1, 15)(key);
    I53(number);
  }
}

function sensors(value) {
  some(0, 64, row(U8, text(64)))(value);
  const rises = value.every(([number], at) => at === 0 || value[at - 1][0] < number);
  need(rises, "malformed", "sensor numbers do not ascend");
}

function evicted(value) {
  row(EPOCH, U32, U32, HASH, HASH, U32, REASON, some(0, 64, summary))(value);
  const [, first, last, , , count] = value;
  need(first <= last && count >= 1 && count <= last - first + 1, "out-of-range", "range");
}

function summary(value) {
  row(U8, QUANTITY, I32, I32, I32)(value);
  need(value[2] <= value[3] && value[3] <= value[4], "out-of-range", "summary");
}

function consent(value) {
  octets(64)(value);
  cose.checkSignatureForm(value);
}

const BODIES = [
  null,
  numbered(device, text(255), octets(16), text(64), maybe(HEAD), maybe(row(SIZE, HASH)), sensors,
    some(0, 256, row(EPOCH, U32))),
  numbered(some(1, 64, measured)),
  position,
  numbered(integer(1, 16), maybe(U8), parameters, maybe(EPOCH)),
  numbered(U53, U53, integer(1, 5), U53),
  numbered(SIZE, HASH),
  numbered(some(1, 16, evicted)),
  numbered(octets(75), consent),
  numbered(REASON),
];

// The record in sealed bytes: {sealed, hash, kid, kind, epoch, seq, prev, utcMs, simulated, body}.
export async function open(sealed) {
  const envelope = cose.parse(sealed);
  const content = cose.payloadOf(envelope);
  check(content);
  // Only WebCrypto can say whether a point is on the curve.
  if (content.get(1) === ROTATION) await cose.openKey(content.get(10).get(0));
  const [kind, epoch, seq, prev, , utcMs] = [1, 2, 3, 4, 5, 6].map((key) => content.get(key));
  const simulated = content.has(9);
  const body = content.get(10);
  const hash = await sha256(sealed);
  return { sealed, hash, envelope, kid: envelope.kid, kind, epoch, seq, prev, utcMs, simulated, body };
}

function check(content) {
  need(content instanceof Map, "malformed", "the payload is not a map");
  const version = content.get(0);
  need(version === 1 || typeof version !== "number", "unsupported-version");
  const keys = [...content.keys()].filter((key) => key !== 9);
  need(keys.length === KEYS.length && keys.every((key, at) => key === KEYS[at]), "malformed", "keys");
  need(!content.has(9) || content.get(9) === 1, "malformed", "simulated is not 1");
  need(version === 1, "malformed", "version");
  const kind = content.get(1);
  need(Number.isInteger(kind) && kind >= 1 && kind <= 9, "unknown-kind");
  const rules = [EPOCH, U32, HASH, U53, maybe(U53), integer(0, 5), maybe(U53), BODIES[kind]];
  row(...rules)([2, 3, 4, 5, 6, 7, 8, 10].map((key) => content.get(key)));
  const unknown = content.get(7) === 0;
  const agrees = [content.get(6), content.get(8)].every((one) => (one === null) === unknown);
  need(agrees, "malformed", "time and source");
  checkOpening(content, kind);
}

function checkOpening(content, kind) {
  need((kind === OPENING) === (content.get(3) === 0), "malformed", "record 0 is an opening");
  const head = kind === OPENING ? content.get(10).get(4) : null;
  if (head === null) return;
  need(!equal(head[0], content.get(2)), "broken-chain", "a head of its own epoch");
  need(equal(head[2], content.get(4)), "broken-chain", "not on the head it names");
}
