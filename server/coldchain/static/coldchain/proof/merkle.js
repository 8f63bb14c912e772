// The Merkle tree of RFC 6962 and RFC 9162: docs/protocol.md, section 6. Sizes may exceed 2^32, so
// nothing here uses bit operators. A bad proof is false; nothing is raised.

import { concat, equal, sha256 } from "./bytes.js";

const NOTHING = new Uint8Array();
const half = (number) => Math.floor(number / 2);
const odd = (number) => number % 2 === 1;

export const empty = () => sha256(NOTHING);
export const leafHash = (leaf) => sha256(concat([0], leaf));
export const nodeHash = (left, right) => sha256(concat([1], left, right));

export async function root(leafHashes) {
  if (!leafHashes.length) return empty();
  let level = leafHashes;
  while (level.length > 1) {
    const next = [];
    for (let at = 0; at + 1 < level.length; at += 2) next.push(await nodeHash(level[at], level[at + 1]));
    // Pairing level by level, the odd last one rising unchanged, is the RFC's recursive split.
    if (odd(level.length)) next.push(level[level.length - 1]);
    level = next;
  }
  return level[0];
}

export async function verifyInclusion(leaf, index, size, path, top) {
  if (index < 0 || index >= size || !allHashes([leaf, ...path])) return false;
  let [number, last, digest] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (last === 0) return false;
    if (odd(number) || number === last) {
      digest = await nodeHash(sibling, digest);
      [number, last] = skipLoneLevels(number, last);
    } else {
      digest = await nodeHash(digest, sibling);
    }
    [number, last] = [half(number), half(last)];
  }
  return last === 0 && equal(digest, top);
}

export async function verifyConsistency(oldSize, oldRoot, size, top, path) {
  if (oldSize < 0 || oldSize > size || !allHashes(path)) return false;
  if (oldSize === size) return !path.length && equal(oldRoot, top);
  if (oldSize === 0) return !path.length && equal(oldRoot, await empty());
  if (!path.length) return false;
  return consistent(oldSize, oldRoot, size, top, path);
}

async function consistent(oldSize, oldRoot, size, top, path) {
  // When the old tree is itself a complete node the proof leaves its root out: we know it.
  const [first, ...rest] = isPowerOfTwo(oldSize) ? [oldRoot, ...path] : path;
  let [number, last] = [oldSize - 1, size - 1];
  while (odd(number)) [number, last] = [half(number), half(last)];
  let [older, digest] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (odd(number) || number === last) {
      [older, digest] = [await nodeHash(sibling, older), await nodeHash(sibling, digest)];
      [number, last] = skipLoneLevels(number, last);
    } else {
      digest = await nodeHash(digest, sibling);
    }
    [number, last] = [half(number), half(last)];
  }
  return last === 0 && equal(older, oldRoot) && equal(digest, top);
}

// On the right edge a node without a sibling rises unchanged: those levels have no hash.
function skipLoneLevels(number, last) {
  while (number && !odd(number)) [number, last] = [number / 2, half(last)];
  return [number, last];
}

function isPowerOfTwo(number) {
  while (number > 1 && !odd(number)) number /= 2;
  return number === 1;
}

const allHashes = (path) => path.every((one) => one instanceof Uint8Array && one.length === 32);
