// The evidence file: docs/protocol.md, section 12. Reading checks its form and nothing else.

import { Refused, need } from "./bytes.js";
import { decodeNext } from "./cbor.js";
import {
  HASH, SIZE, U53, device, integer, maybe, numbered, octets, row, some, someOctets, text,
} from "./shape.js";

const MAX_FILE = 64 << 20;
const KEY = 1;
const RECORD = 2;
const NOTE = 3;
const LEAF = 4;
const ENTRY = 5;
const EXTENDS = 6;
const WITNESS = 7;
const DOCUMENT = 8;

const PROVED = [NOTE, EXTENDS, LEAF, ENTRY, DOCUMENT];
const FOLLOWS = {
  [KEY]: [0, KEY],
  [WITNESS]: [0, KEY, WITNESS],
  [RECORD]: [0, KEY, WITNESS, RECORD],
  [NOTE]: [0, KEY, WITNESS, RECORD, ...PROVED],
  [EXTENDS]: [NOTE],
  [LEAF]: PROVED,
  [ENTRY]: PROVED,
  [DOCUMENT]: [ENTRY],
};
const one = integer(1, 8);
const note = (value) => need(typeof value === "string" && value.length <= 1 << 20);
const path = some(0, 64, HASH);
const document = (value) => {
  someOctets(1 << 20)(value);
  need(value.length, "malformed", "an empty document");
};
const RULES = {
  [KEY]: row(one, octets(75)),
  [WITNESS]: row(one, text(512)),
  [RECORD]: row(one, someOctets(16384)),
  [NOTE]: row(one, note),
  [EXTENDS]: row(one, SIZE, path),
  [LEAF]: row(one, someOctets(32768), U53, path, some(0, 500, HASH)),
  [ENTRY]: row(one, someOctets(32768), U53, path, someOctets(1 << 20)),
  [DOCUMENT]: row(one, document),
};
const HEADER = numbered(() => {}, () => {}, maybe(device), text(255), text(512), U53);

// The file's chapters: {device, origin, vkey, madeMs, keys, witnesses, records, proofs}.
export function readChapters(data) {
  need(data.length <= MAX_FILE, "too-large", `${data.length} bytes`);
  const chapters = [];
  let last = 0;
  for (let at = 0; at < data.length; ) {
    const [value, end] = decodeNext(data, at);
    at = end;
    if (value instanceof Map || !chapters.length) {
      chapters.push(begin(value));
      last = 0;
      need(chapters.length <= 64, "out-of-range", "chapters");
    } else {
      last = add(chapters[chapters.length - 1], value, last);
    }
  }
  need(chapters.length, "malformed", "not an evidence file");
  return chapters;
}

function begin(value) {
  const shaped = value instanceof Map && value.size === 6 && value.get(1) === "jagalchi-evidence";
  need(shaped, "malformed", "not an evidence file");
  need(value.get(0) === 1, "unsupported-version");
  HEADER(value);
  const [device, origin, vkey, madeMs] = [2, 3, 4, 5].map((key) => value.get(key));
  return { device, origin, vkey, madeMs, keys: [], witnesses: [], records: [], proofs: [] };
}

function add(chapter, value, last) {
  need(Array.isArray(value) && value.length > 0, "malformed", "an item is not a list");
  const [item, ...values] = value;
  if (!Number.isInteger(item) || !RULES[item]) throw new Refused("unknown-kind", `item ${item}`);
  need(FOLLOWS[item].includes(last), "malformed", "an item out of order");
  need(chapter.device !== null || (item !== KEY && item !== RECORD), "malformed", "of no device");
  RULES[item](value);
  keep(chapter, item, values);
  return item;
}

function keep(chapter, item, values) {
  const under = chapter.proofs[chapter.proofs.length - 1];
  const [leaf, index, steps, rest] = values;
  switch (item) {
    case KEY: chapter.keys.push(values[0]); need(chapter.keys.length <= 64, "out-of-range"); break;
    case WITNESS:
      chapter.witnesses.push(values[0]);
      need(chapter.witnesses.length <= 16, "out-of-range");
      break;
    case RECORD: chapter.records.push(values[0]); break;
    case NOTE: chapter.proofs.push({ note: values[0], leaves: [], entries: [], extends: null }); break;
    case EXTENDS: under.extends = { since: values[0], path: values[1] }; break;
    case LEAF: under.leaves.push({ leaf, index, path: steps, hashes: rest }); break;
    case DOCUMENT: under.entries[under.entries.length - 1].document = values[0]; break;
    default: under.entries.push({ leaf, index, path: steps, content: rest, document: null });
  }
}
