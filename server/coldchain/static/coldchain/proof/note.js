// Signed checkpoints and a witness's cosignature, as C2SP publishes them: docs/protocol.md, 7.1.
// Every second spelling of a note is refused.

import { Refused, concat, equal, hex, need, sha256, unbase64, utf8 } from "./bytes.js";
import { empty } from "./merkle.js";

export const ED25519 = 1;
export const COSIGNATURE = 4;

const MAX_NOTE = 1 << 20;
const DASH = "\u2014 ";
const NAME = /^[^\s+\u0000-\u0020\u0085]+$/u;

const need_ = (holds, detail) => need(holds, "bad-note", detail);

// A verifier key `name+id+base64`: {name, id (hex), algorithm, vkey, key: CryptoKey}.
export async function openKey(vkey) {
  const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/s.exec(vkey) || [];
  need_(name !== undefined && NAME.test(name), "not a verifier key");
  const raw = unbase64(encoded);
  need_(raw.length === 33 && [ED25519, COSIGNATURE].includes(raw[0]), "not a verifier key");
  const made = await sha256(concat(utf8(name), [10], raw));
  need_(hex(made.subarray(0, 4)) === id, "the verifier key's id does not fit the key");
  const key = await crypto.subtle.importKey("raw", raw.subarray(1), "Ed25519", false, ["verify"]);
  return { name, id, algorithm: raw[0], vkey, key };
}

function parse(note) {
  need_(utf8(note).length <= MAX_NOTE, "the note is too large");
  need_(!/[\u0000-\u0009\u000b-\u001f]/.test(note), "a control character");
  const at = note.lastIndexOf("\n\n");
  const lines = note.slice(at + 2).split("\n");
  need_(at >= 0 && lines.pop() === "" && lines.length <= 100 && lines.length > 0, "no signatures");
  return { text: note.slice(0, at + 1), signatures: lines.map(parseLine) };
}

function parseLine(line) {
  const [name, encoded, ...more] = line.slice(DASH.length).split(" ");
  need_(line.startsWith(DASH) && encoded !== undefined && !more.length, "not a signature line");
  const raw = unbase64(encoded);
  need_(NAME.test(name) && raw.length > 4, "not a signature line");
  return { name, id: hex(raw.subarray(0, 4)), value: raw.subarray(4) };
}

// Of several signatures by one key the first counts.
function find(parsed, key) {
  const found = parsed.signatures.find((one) => one.name === key.name && one.id === key.id);
  need_(found, `not signed by ${key.name}`);
  return found.value;
}

const signed = (key, message, signature) =>
  signature.length === 64 && crypto.subtle.verify("Ed25519", key.key, signature, message);

// The checkpoint that this log's key signed: {origin, size, root, parsed}.
export async function openCheckpoint(note, key) {
  const parsed = parse(note);
  const signature = find(parsed, key);
  const holds = key.algorithm === ED25519 && (await signed(key, utf8(parsed.text), signature));
  need_(holds, `the signature of ${key.name} does not verify`);
  const { origin, size, root } = parseText(parsed.text);
  need_(origin === key.name, `${key.name} signed a checkpoint of ${origin}`);
  need_(size > 0 || equal(root, await empty()), "an empty tree with another root");
  return { origin, size, root, parsed };
}

function parseText(text) {
  const lines = text.split("\n");
  need_(lines.length >= 4 && lines.pop() === "" && lines.every((one) => one), "not a checkpoint");
  const [origin, number, encoded] = lines;
  const size = Number(number);
  need_(/^(0|[1-9][0-9]{0,15})$/.test(number) && Number.isSafeInteger(size), "not a size");
  const root = unbase64(encoded);
  need_(root.length === 32, "the root is not 32 bytes");
  return { origin, size, root };
}

// When the witness cosigned this checkpoint, in UTC seconds; refused if it did not.
export async function cosignedAt(checkpoint, witness) {
  const value = find(checkpoint.parsed, witness);
  need_(witness.algorithm === COSIGNATURE && value.length === 72, "no cosignature");
  const atS = new DataView(value.buffer, value.byteOffset, 8).getBigUint64(0);
  const message = utf8(`cosignature/v1\ntime ${atS}\n${checkpoint.parsed.text}`);
  const holds = atS < 1n << 63n && (await signed(witness, message, value.subarray(8)));
  need_(holds, `the cosignature of ${witness.name} does not verify`);
  return Number(atS);
}

// Whether this browser can do all of it, found out by doing it: RFC 8032, test 1.
export async function isAble() {
  if (!globalThis.crypto?.subtle) return false;
  const key = Uint8Array.from(atob("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="), (c) => c.charCodeAt(0));
  const signature =
    "5VZDAMNgrHKQhuLMgG6CioSHfx645dl02HPgZSJJAVVfuIIVkKM7rMYeOXAc+bRr0lv18FlbviRlUUFDjnoQCw==";
  try {
    const made = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    const value = Uint8Array.from(atob(signature), (c) => c.charCodeAt(0));
    return await crypto.subtle.verify("Ed25519", made, value, new Uint8Array());
  } catch (error) {
    if (error instanceof Refused) throw error;
    return false;
  }
}
