// Keys and envelopes: docs/protocol.md, sections 2 and 3.1. Every byte of a sealed record around
// payload and signature is fixed; only low-S ES256 signatures exist. WebCrypto does the curve.

import { Refused, concat, equal, hex, need, sha256, unhex, utf8 } from "./bytes.js";
import { decode, decodeNext } from "./cbor.js";

export const RECORD = "jagalchi/record/1";
export const ENROL = "jagalchi/enrol/1";
export const ROTATE = "jagalchi/rotate/1";

const MAX_SEALED = 16384;
const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const BEFORE_KID = unhex("d2844da201260448");
const BEFORE_CONTEXT = concat(unhex("846a"), utf8("Signature1"), unhex("4da201260448"));
const KEY_X = unhex("a401022001215820");
const KEY_Y = unhex("225820");
const ORDER = BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";

// The CryptoKey of a COSE_Key; another layout, and a point that is not on the curve, are refused.
export async function openKey(coseKey) {
  const [x, y] = [coseKey.subarray(8, 40), coseKey.subarray(43)];
  need(y.length === 32 && equal(concat(KEY_X, x, KEY_Y, y), coseKey), "malformed", "not a key");
  try {
    return await crypto.subtle.importKey("raw", concat([4], x, y), CURVE, false, ["verify"]);
  } catch {
    throw new Refused("malformed", "not a point on P-256");
  }
}

export const keyId = async (coseKey) => hex((await sha256(coseKey)).subarray(0, 8));

export async function deviceOf(firstKey) {
  const bits = (await sha256(firstKey)).subarray(0, 10).reduce((sum, b) => sum * 256n + BigInt(b), 0n);
  return Array.from({ length: 16 }, (_, at) => LETTERS[Number((bits >> BigInt(75 - 5 * at)) & 31n)])
    .join("");
}

// kid (hex), payload and signature of an envelope in its one permitted form.
export function parse(sealed) {
  need(sealed.length <= MAX_SEALED, "too-large", `${sealed.length} bytes`);
  need(sealed.length > 17 && equal(sealed.subarray(0, 8), BEFORE_KID), "malformed", "not sealed");
  if (sealed[16] !== 0xa0) refuseHeader(sealed);
  const [payload, end] = decodeNext(sealed, 17);
  need(payload instanceof Uint8Array, "malformed", "no payload");
  const form = sealed[end] === 0x58 && sealed[end + 1] === 0x40 && sealed.length === end + 66;
  need(form && payload.length > 0, "malformed", "not a COSE_Sign1 in its one form");
  const signature = sealed.subarray(-64);
  checkSignatureForm(signature);
  return { kid: hex(sealed.subarray(8, 16)), payload, signature };
}

function refuseHeader(sealed) {
  const [header] = decodeNext(sealed, 16);
  need(!(header instanceof Map && header.size), "unprotected-header");
  throw new Refused("malformed", "no unprotected header");
}

export function checkSignatureForm(signature) {
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)].map((one) => BigInt(`0x${hex(one)}`));
  need(s <= ORDER / 2n, "high-s");
  need(r > 0n && r < ORDER && s > 0n, "malformed", "numbers outside the group");
}

export const toBeSigned = (kid, payload, domain) =>
  concat(BEFORE_CONTEXT, unhex(kid), head(domain.length), utf8(domain), head(payload.length), payload);

const head = (size) =>
  size < 24 ? [0x40 | size] : size < 256 ? [0x58, size] : [0x59, size >> 8, size & 255];

export const verifies = (key, message, signature) =>
  crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, message);

// Refuse a signature that does not hold; one made for another purpose of ours is named as such.
export async function check(envelope, key, domain = RECORD) {
  const holds = (one) =>
    verifies(key, toBeSigned(envelope.kid, envelope.payload, one), envelope.signature);
  if (await holds(domain)) return;
  for (const other of [RECORD, ENROL, ROTATE])
    if (other !== domain && (await holds(other))) throw new Refused("wrong-domain", other);
  throw new Refused("bad-signature");
}

export const payloadOf = (envelope) =>
  decode(envelope.payload, { maxBytes: MAX_SEALED, maxItems: 8192 });
