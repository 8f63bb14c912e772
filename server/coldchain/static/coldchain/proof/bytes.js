// Bytes, hashes and refusals. Every reader here refuses with a name from the protocol's closed list
// (docs/protocol.md, section 14), so that a browser and `jagalchi-agent verify` say the same.

export class Refused extends Error {
  constructor(problem, detail = "") {
    super(detail ? `${problem}: ${detail}` : problem);
    this.problem = problem;
    this.detail = detail;
  }
}

export function need(holds, problem = "malformed", detail = "") {
  if (!holds) throw new Refused(problem, detail);
}

export const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

export const unhex = (text) =>
  Uint8Array.from(text.match(/../g) || [], (pair) => Number.parseInt(pair, 16));

export const utf8 = (text) => new TextEncoder().encode(text);

// A byte order mark is text like any other: a reader that drops it would see two spellings as one.
export const text = (bytes) =>
  new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const one of parts) {
    whole.set(one, at);
    at += one.length;
  }
  return whole;
}

export const equal = (one, other) =>
  one.length === other.length && one.every((value, at) => value === other[at]);

export function compare(one, other) {
  const shared = Math.min(one.length, other.length);
  for (let at = 0; at < shared; at += 1) if (one[at] !== other[at]) return one[at] - other[at];
  return one.length - other.length;
}

// Base64 in its one spelling: what encodes back to the same text, and nothing else.
export function unbase64(spelt) {
  try {
    const raw = atob(spelt);
    if (btoa(raw) === spelt) return Uint8Array.from(raw, (c) => c.charCodeAt(0));
  } catch {
    // refused below, like every other spelling
  }
  throw new Refused("bad-note", "not base64 in its one spelling");
}

export const sha256 = async (bytes) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
