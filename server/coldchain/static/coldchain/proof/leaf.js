// The log's leaves, and what a service entry commits to: docs/protocol.md, section 5.

import { equal, need } from "./bytes.js";
import { decode, decodeNext } from "./cbor.js";
import {
  EPOCH, HASH, U32, U53, device, integer, octets, row, someOctets, text,
} from "./shape.js";

export const SPAN = 1;
export const SERVICE = 2;
export const SUCCESSOR = 4;

const MAX_LEAF = 32768;
const MAX_CONTENT = 1 << 20;
const MIN_SALT = 16;

const kind = (value) => need(Number.isInteger(value));

function publicPart(value) {
  need(value instanceof Map && value.size <= 64, "malformed", "the public part");
  for (const [key, one] of value) {
    text(64)(key);
    if (typeof one === "string") text(16384)(one);
    else if (typeof one !== "number") someOctets(16384)(one);
  }
}

const RULES = [
  null,
  row(kind, device, EPOCH, U32, U32, HASH, HASH, HASH),
  row(kind, text(64), text(64), publicPart, HASH),
  row(kind, U53),
  (value) => row(kind, text(255), U53, HASH, octets(64), ...(value.length === 6 ? [text(512)] : []))(value),
];

// The leaf in these bytes, as its row of values.
export function open(bytes) {
  const value = decode(bytes, { maxBytes: MAX_LEAF });
  need(Array.isArray(value) && value.length > 0, "malformed", "a leaf is not a list");
  const known = Number.isInteger(value[0]) && value[0] >= 1 && value[0] < RULES.length;
  need(known, "unknown-kind", `leaf kind ${value[0]}`);
  RULES[value[0]](value);
  if (value[0] === SPAN) integer(value[3], Math.min(value[3] + 499, 2 ** 32 - 1))(value[4]);
  return value;
}

// What a service entry says, once it is shown that its leaf commits to this very content.
export async function openContent(leaf, content) {
  const parts = decode(content, { maxBytes: MAX_CONTENT });
  need(Array.isArray(parts) && parts.length === 2, "malformed", "not a content");
  const [salt, said] = parts;
  const form = salt instanceof Uint8Array && salt.length >= MIN_SALT && Array.isArray(said);
  need(form, "malformed", "not a content");
  const [, from] = decodeNext(content, 1); // behind the head of the list stands the salt
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", salt, algorithm, false, ["sign"]);
  const made = new Uint8Array(await crypto.subtle.sign("HMAC", key, content.subarray(from)));
  need(equal(made, leaf[4]), "bad-proof", "the leaf does not commit to this content");
  return said;
}

