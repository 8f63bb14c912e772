// What a chapter of an evidence file proves: docs/protocol.md, section 12, as `jagalchi-agent verify`
// does it. Nothing is believed: keys descend from the device's first key, every signature, joint and
// proof is computed again, and whatever does not hold becomes a finding with its place. A file
// vouches for nothing: the log's key is the file's word unless `pinned` is given from elsewhere.

import { Refused, concat, equal, hex, need, sha256, unhex, utf8 } from "./bytes.js";
import * as cose from "./cose.js";
import * as joints from "./joints.js";
import * as leaves from "./leaf.js";
import * as merkle from "./merkle.js";
import * as notes from "./note.js";
import * as record from "./record.js";

export { readChapters } from "./bundle.js";

// {records, signed, chained, proved, simulated, leftOut, readings, entries, cosigned, checkpoints,
// findings}; of a signed reading its device, time, and the index of the leaf that it is under or null.
// `told` is called with the number of records looked at so far, for whoever waits.
export async function examine(chapter, { pinned = null, told = () => {} } = {}) {
  const bench = { chapter, findings: [], told };
  const signed = await signedRecords(bench);
  const seen = await checkpoints(bench, pinned);
  const { proved, runs } = await provedRecords(bench, signed, seen);
  const loose = await looseRecords(bench, signed, seen, runs);
  return {
    records: chapter.records.length,
    signed: signed.length,
    chained: signed.filter((one) => !loose.has(hex(one.hash))).length,
    proved: signed.filter((one) => proved.has(hex(one.hash))).length,
    simulated: signed.filter((one) => one.simulated).length,
    leftOut: joints.leftOut(signed, runs),
    readings: signed
      .filter((one) => one.kind === record.READING)
      .map(({ hash, utcMs: atMs }) => ({
        device: chapter.device, atMs, index: proved.get(hex(hash)) ?? null,
      })),
    entries: await provedEntries(bench, seen),
    cosigned: await cosignatures(bench, seen),
    checkpoints: seen.map(({ origin, size, root }) => ({ origin, size, root: hex(root) })),
    pinned: pinned !== null,
    findings: bench.findings,
  };
}

// Whether nothing is wrong with a report, and all that its chapter holds is under the log.
export const isWhole = (report) =>
  !report.findings.length &&
  report.records === report.signed &&
  report.records === report.chained &&
  report.records === report.proved;

const find = (bench, problem, where, text = "") => bench.findings.push({ problem, where, text });

const nameOf = (one) => `record ${joints.place(one.epoch, one.seq)}`;

// A refusal becomes a finding; anything else is a defect of ours and stays an error.
async function tried(bench, where, act) {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    find(bench, error.problem, where, error.detail);
    return null;
  }
}

// Signatures

async function signedRecords(bench) {
  const opened = [];
  for (const [at, sealed] of bench.chapter.records.entries()) {
    const one = await tried(bench, `record item ${at}`, () => record.open(sealed));
    if (one) opened.push(one);
  }
  const keys = await collectKeys(bench, opened);
  const signed = [];
  for (const [at, one] of opened.entries()) {
    bench.told(at);
    if (await isSigned(bench, one, keys)) signed.push(one);
  }
  return signed;
}

async function isSigned(bench, one, keys) {
  const held = await tried(bench, nameOf(one), async () => {
    need(keys.has(one.kid), "unknown-key", `${one.kid} is no key of this device`);
    await cose.check(one.envelope, keys.get(one.kid));
    return true;
  });
  return held === true;
}

// kid -> key: the first by the device's name, every other by a rotation that both keys signed.
async function collectKeys(bench, opened) {
  const keys = new Map();
  const { device, keys: candidates } = bench.chapter;
  for (const candidate of candidates)
    if ((await cose.deviceOf(candidate)) === device) {
      const key = await tried(bench, "first key", () => cose.openKey(candidate));
      if (!key) return keys;
      keys.set(await cose.keyId(candidate), key);
      break;
    }
  const waiting = [...keys.keys()];
  while (waiting.length) {
    const kid = waiting.pop();
    for (const one of opened.filter((r) => r.kind === record.ROTATION && r.kid === kid)) {
      const brought = await tried(bench, nameOf(one), () => introduced(one, keys.get(kid), device));
      if (brought && !keys.has(brought.kid)) {
        keys.set(brought.kid, brought.key);
        waiting.push(brought.kid);
      }
    }
  }
  for (const candidate of candidates) {
    const kid = await cose.keyId(candidate);
    if (!keys.has(kid)) find(bench, "unknown-key", `key ${kid}`, "no rotation introduces it");
  }
  return keys;
}

async function introduced(one, signer, device) {
  await cose.check(one.envelope, signer);
  const [newKey, consent] = [one.body.get(0), one.body.get(1)];
  const [kid, key] = [await cose.keyId(newKey), await cose.openKey(newKey)];
  const message = cose.toBeSigned(kid, rotationPayload(device, one), cose.ROTATE);
  need(await cose.verifies(key, message, consent), "proof-of-possession");
  return { kid, key };
}

// CBOR of [device, [epoch, seq before, prev]].
function rotationPayload(device, one) {
  const seq = one.seq - 1;
  const bytes = seq < 24 ? 0 : seq < 256 ? 1 : seq < 65536 ? 2 : 4;
  const head = bytes ? [24 + Math.log2(bytes)] : [seq];
  const rest = unhex(bytes ? seq.toString(16).padStart(2 * bytes, "0") : "");
  const place = concat([0x83, 0x48], one.epoch, head, rest, [0x58, 0x20], one.prev);
  return concat([0x82, 0x70], utf8(device), place);
}

// Log

async function checkpoints(bench, pinned) {
  const { chapter } = bench;
  const key = await tried(bench, "log key", () => notes.openKey(pinned ?? chapter.vkey));
  if (!key) return [];
  if (key.vkey !== chapter.vkey || key.name !== chapter.origin)
    find(bench, "wrong-origin", "header", `not made for the log ${key.vkey}`);
  const [seen, roots] = [[], new Map()];
  for (const [at, proofs] of chapter.proofs.entries()) {
    const one = await tried(bench, `note ${at}`, () => notes.openCheckpoint(proofs.note, key));
    if (!one) continue;
    if (!roots.has(one.size)) roots.set(one.size, one.root);
    if (!equal(roots.get(one.size), one.root))
      find(bench, "two-histories", `note ${at}`, `two roots of size ${one.size}`);
    if (proofs.extends && !(await isExtended(proofs.extends, one, roots)))
      find(bench, "bad-proof", `note ${at}`, `not from size ${proofs.extends.since}`);
    seen.push({ ...one, proofs });
  }
  return seen;
}

const isExtended = async ({ since, path }, { size, root }, roots) =>
  roots.has(since) && merkle.verifyConsistency(since, roots.get(since), size, root, path);

// The leaf that a receipt proves to be under a checkpoint.
export async function provedLeaf(checkpoint, { leaf, index, path }) {
  const { size, root } = checkpoint;
  const holds = await merkle.verifyInclusion(await merkle.leafHash(leaf), index, size, path, root);
  need(holds, "bad-proof", `entry ${index} is not under ${size}`);
  return leaves.open(leaf);
}

async function provedRecords(bench, signed, seen) {
  const rows = new Map();
  for (const one of signed) {
    const at = joints.place(one.epoch, one.seq);
    rows.set(at, [...(rows.get(at) || []), one]);
  }
  const [proved, runs] = [new Map(), new Map()];
  for (const checkpoint of seen)
    for (const proof of checkpoint.proofs.leaves) {
      const held = await tried(bench, `leaf ${proof.index}`, () =>
        heldUnder(bench, checkpoint, proof, rows));
      if (!held) continue;
      held.hashes.forEach((hash) => proved.set(hash, proof.index));
      if (!proof.hashes.length) continue;
      runs.set(held.epoch, [...(runs.get(held.epoch) || []), [held.first, held.last]]);
    }
  return { proved, runs };
}

// Which of our records stand under this leaf, which must fit in all it says.
async function heldUnder(bench, checkpoint, proof, rows) {
  const leaf = await provedLeaf(checkpoint, proof);
  if (leaf[0] !== leaves.SPAN) return null;
  const [, device, epoch, first, last, prevHash, lastHash, root] = leaf;
  need(device === bench.chapter.device, "wrong-device", `a span of ${device}`);
  const held = [];
  for (let seq = first; seq <= last; seq += 1) held.push(...(rows.get(joints.place(epoch, seq)) || []));
  const own = await Promise.all(held.map((one) => merkle.leafHash(one.sealed)));
  const known = proof.hashes.length ? proof.hashes : own;
  const covers = known.length === last - first + 1 && equal(await merkle.root(known), root);
  need(covers, "bad-proof", "its records, or their hashes, do not make its root");
  const standing = held.filter((one, at) => equal(known[one.seq - first], own[at]));
  for (const one of standing) {
    need(one.seq !== first || equal(one.prev, prevHash), "bad-proof", "prev_hash");
    need(one.seq !== last || equal(one.hash, lastHash), "bad-proof", "last_hash");
  }
  return { hashes: standing.map((one) => hex(one.hash)), epoch: hex(epoch), first, last };
}

// Chain

async function looseRecords(bench, signed, seen, runs) {
  const origins = new Set([bench.chapter.origin, ...(await predecessors(seen))]);
  for (const one of signed.filter((r) => r.kind === record.OPENING)) {
    const [device, origin] = [one.body.get(0), one.body.get(1)];
    if (device !== bench.chapter.device) find(bench, "wrong-device", nameOf(one), device);
    if (!origins.has(origin)) find(bench, "wrong-origin", nameOf(one), `meant for ${origin}`);
  }
  const troubles = joints.troubles(signed, runs);
  for (const [one, problem, text] of troubles) find(bench, problem, nameOf(one), text);
  return new Set(troubles.map(([one]) => hex(one.hash)));
}

// The logs that this one follows, as far as the statements it begins with are here.
async function predecessors(seen) {
  const said = new Map();
  const quiet = { findings: [] }; // told where the leaf is weighed
  for (const checkpoint of seen)
    for (const proof of checkpoint.proofs.leaves) {
      const leaf = await tried(quiet, "", () => provedLeaf(checkpoint, proof));
      if (leaf && leaf[0] === leaves.SUCCESSOR) said.set(proof.index, leaf[1]);
    }
  const origins = [];
  while (said.has(origins.length)) origins.push(said.get(origins.length));
  return origins;
}

// Entries and witnesses

async function provedEntries(bench, seen) {
  const found = [];
  for (const checkpoint of seen)
    for (const proof of checkpoint.proofs.entries) {
      const one = await tried(bench, `entry ${proof.index}`, () => entry(checkpoint, proof));
      if (one) found.push(one);
    }
  return found;
}

async function entry(checkpoint, proof) {
  const leaf = await provedLeaf(checkpoint, proof);
  need(leaf[0] === leaves.SERVICE, "malformed", "not the leaf of a service entry");
  const said = await leaves.openContent(leaf, proof.content);
  const { document } = proof;
  const named = document && (await sha256(document));
  const holds = !named || said.some((part) => part instanceof Uint8Array && equal(part, named));
  need(holds, "bad-proof", "the entry does not name this document");
  return { service: leaf[1], kind: leaf[2], index: proof.index, said, document };
}

// Each witness that a chapter names has cosigned its last note, or is a finding.
async function cosignatures(bench, seen) {
  const found = [];
  const { proofs, witnesses } = bench.chapter;
  const last = seen.find((one) => one.proofs === proofs[proofs.length - 1]);
  for (const vkey of witnesses) {
    const atS = await tried(bench, `witness ${vkey}`, async () => {
      need(last, "bad-note", "a witness of nothing");
      return notes.cosignedAt(last, await notes.openKey(vkey));
    });
    if (atS !== null) found.push({ witness: vkey, atS });
  }
  return found;
}
