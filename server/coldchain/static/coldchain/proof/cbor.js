// Deterministic CBOR (RFC 8949 section 4.2.1), reading only: docs/protocol.md, section 1.
//
// A value has one permitted encoding; all others are refused, and so is what the protocol never
// uses: floats, tags, undefined, negative keys. Integers stay within 2^53-1, so a Number holds each
// exactly. Lists become arrays, maps become Map, byte strings Uint8Array.

import { Refused, compare, need, text } from "./bytes.js";

const MAX_DEPTH = 8;
const MAX_ITEMS = 32768;
const SIMPLE = new Map([[0xf4, false], [0xf5, true], [0xf6, null]]);

export function decode(data, { maxBytes, maxItems = MAX_ITEMS }) {
  need(data.length <= maxBytes, "too-large", `${data.length} bytes, at most ${maxBytes}`);
  const [value, end] = decodeNext(data, 0, maxItems);
  need(end === data.length, "malformed", `bytes follow the value at byte ${end}`);
  return value;
}

// The value that begins at byte `at`, and where it ends: for CBOR sequences and their parts.
export function decodeNext(data, at, maxItems = MAX_ITEMS) {
  const reader = new Reader(data, at, maxItems);
  return [reader.item(MAX_DEPTH), reader.at];
}

class Reader {
  constructor(data, at, room) {
    this.data = data;
    this.at = at;
    this.room = room;
  }

  refuse(problem, why) {
    throw new Refused(problem, `${why} at byte ${this.at}`);
  }

  take(size) {
    if (size > this.data.length - this.at) this.refuse("malformed", "the data ends early");
    this.at += size;
    return this.data.subarray(this.at - size, this.at);
  }

  item(depth) {
    const first = this.take(1)[0];
    const major = first >> 5;
    if (major > 5) return this.other(first);
    const size = this.size(first & 31);
    switch (major) {
      case 0: return this.integer(size, size);
      case 1: return this.integer(size + 1, -1 - size);
      case 2: return this.take(size);
      case 3: return this.text(size);
      case 4: return this.list(size, depth);
      default: return this.map(size, depth);
    }
  }

  // The number in a head, in as few bytes as it needs. Beyond 2^53 it is inexact, and refused.
  size(info) {
    if (info < 24) return info;
    if (info > 27) this.refuse(info === 31 ? "not-deterministic" : "malformed", "no length");
    const bytes = 1 << (info - 24);
    const number = this.take(bytes).reduce((sum, byte) => sum * 256 + byte, 0);
    const least = bytes === 1 ? 24 : 256 ** (bytes / 2);
    if (number < least) this.refuse("not-deterministic", "a number in more bytes than it needs");
    return number;
  }

  integer(magnitude, value) {
    if (magnitude > Number.MAX_SAFE_INTEGER) this.refuse("out-of-range", "beyond 2^53-1");
    return value;
  }

  text(size) {
    const bytes = this.take(size);
    try {
      return text(bytes);
    } catch {
      return this.refuse("malformed", "text that is not UTF-8");
    }
  }

  // A container is refused by its head alone, before anything in it is read.
  enter(items, depth) {
    if (depth === 0) this.refuse("too-deep", "nested too deeply");
    if (items > this.data.length - this.at) this.refuse("malformed", "the data ends early");
    this.room -= items;
    if (this.room < 0) this.refuse("too-large", "too many values");
  }

  list(size, depth) {
    this.enter(size, depth);
    const items = [];
    for (let n = 0; n < size; n += 1) items.push(this.item(depth - 1));
    return items;
  }

  map(size, depth) {
    this.enter(2 * size, depth);
    const items = new Map();
    let previous = new Uint8Array();
    for (let n = 0; n < size; n += 1) {
      const start = this.at;
      const key = this.key();
      const spelt = this.data.subarray(start, this.at);
      if (compare(previous, spelt) >= 0) this.refuse("not-deterministic", "keys out of order");
      previous = spelt;
      items.set(key, this.item(depth - 1));
    }
    return items;
  }

  key() {
    const major = this.at < this.data.length ? this.data[this.at] >> 5 : 0;
    if (major !== 0 && major !== 3)
      this.refuse("malformed", "a key that is neither a natural number nor text");
    return this.item(0);
  }

  other(first) {
    if (SIMPLE.has(first)) return SIMPLE.get(first);
    return this.refuse("malformed", first < 0xe0 ? "a tag" : "a float or an unused value");
  }
}
