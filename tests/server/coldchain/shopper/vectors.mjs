// Runs every vector that concerns the proof in this browser, one table row each:
// what it is, what must come of it, what came of it.

import { Refused, hex, unhex } from "/proof/bytes.js";
import { decode } from "/proof/cbor.js";
import * as cose from "/proof/cose.js";
import * as evidence from "/proof/evidence.js";
import * as leaves from "/proof/leaf.js";
import * as merkle from "/proof/merkle.js";
import * as notes from "/proof/note.js";
import * as record from "/proof/record.js";

const LIMIT = { maxBytes: 16384 };

// Python's repr of what the golden cases hold, so that values can be compared as text.
const repr = (value) => {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return `'${value}'`;
  if (value instanceof Uint8Array) return `b'${Array.from(value, (b) => `\\x${hex([b])}`).join("")}'`;
  if (Array.isArray(value)) return `[${value.map(repr).join(", ")}]`;
  if (value instanceof Map) return `{${[...value].map((pair) => pair.map(repr).join(": ")).join(", ")}}`;
  return String(value);
};

async function refusal(act) {
  try {
    await act();
  } catch (error) {
    if (error instanceof Refused) return error.problem;
    throw error;
  }
  return "accepted";
}

const truck = (vectors) => unhex(vectors.keys.golden[0].cose_key);

async function verified(sealed, vectors) {
  const one = await record.open(sealed);
  await cose.check(one.envelope, await cose.openKey(truck(vectors)));
  return one;
}

const RUNS = {
  async cbor(vectors, add) {
    for (const one of vectors.cbor.golden)
      await add(one.value, one.value, () => repr(decode(unhex(one.cbor), LIMIT)));
    for (const one of vectors.cbor.negative)
      await add(one.why, one.problem, () => refusal(() => decode(unhex(one.cbor), LIMIT)));
  },
  async keys(vectors, add) {
    for (const { cose_key: key, kid, device } of vectors.keys.golden)
      await add(device, [kid, device].join(), async () => {
        await cose.openKey(unhex(key));
        return [await cose.keyId(unhex(key)), await cose.deviceOf(unhex(key))].join();
      });
    for (const one of vectors.keys.negative)
      await add(one.why, one.problem, () => refusal(() => cose.openKey(unhex(one.cose_key))));
  },
  async records(vectors, add) {
    for (const one of vectors.records.golden)
      await add(one.kind, [one.hash, one.record.kind, one.record.seq].join(), async () => {
        const found = await verified(unhex(one.sealed), vectors);
        return [hex(found.hash), found.kind, found.seq].join();
      });
    for (const one of vectors.records.negative)
      await add(one.why, one.problem, () => refusal(() => verified(unhex(one.sealed), vectors)));
  },
  async leaves(vectors, add) {
    for (const one of vectors.leaves.golden)
      await add(one.leaf.slice(0, 8), one.leaf_hash, async () => {
        leaves.open(unhex(one.leaf));
        return hex(await merkle.leafHash(unhex(one.leaf)));
      });
    for (const one of vectors.leaves.negative)
      await add(one.why, one.problem, () => refusal(() => leaves.open(unhex(one.leaf))));
  },
  async tree(vectors, add) {
    const { roots, inclusion, consistency, negative } = vectors.tree;
    for (const [size, root] of Object.entries(roots))
      await add(`root of ${size}`, root, async () => {
        const numbers = Array.from({ length: Number(size) }, (_, n) => new TextEncoder().encode(n));
        return hex(await merkle.root(await Promise.all(numbers.map(merkle.leafHash))));
      });
    for (const one of inclusion) await add(`leaf ${one.index}`, "true", () => joined(one));
    for (const one of consistency) await add(`from ${one.old_size}`, "true", () => joined(one));
    for (const one of negative) await add(one.why, "false", () => joined(one));
  },
  async notes(vectors, add) {
    const [good] = vectors.notes.golden;
    const key = await notes.openKey(good.vkey);
    await add("a note", [good.size, good.root].join(), async () => {
      const { size, root } = await notes.openCheckpoint(good.note, key);
      return [size, hex(root)].join();
    });
    for (const one of vectors.notes.negative)
      await add(one.why, one.problem, () => refusal(() => notes.openCheckpoint(one.note, key)));
  },
  async receipts(vectors, add) {
    const key = await notes.openKey(vectors.receipts.vkey);
    const newest = await notes.openCheckpoint(vectors.receipts.golden[0].note, key);
    const open = (one) =>
      evidence.provedLeaf(newest, {
        leaf: unhex(one.leaf), index: one.index, path: one.path.map(unhex),
      });
    for (const one of vectors.receipts.receipts)
      await add(`receipt ${one.index}`, "true", async () => {
        const leaf = await open(one);
        const hashes = await Promise.all(one.records.map((r) => merkle.leafHash(unhex(r))));
        return String(hex(await merkle.root(hashes)) === hex(leaf[7]));
      });
    for (const one of vectors.receipts.negative_receipts)
      await add(one.why, one.problem, () => refusal(() => open(one)));
  },
  async evidence(vectors, add) {
    const { pinned, golden, negative } = vectors.evidence;
    const judge = async (one) =>
      Promise.all(evidence.readChapters(unhex(one.file)).map((c) => evidence.examine(c, { pinned })));
    for (const one of golden)
      await add(one.why, JSON.stringify(one.reports), async () =>
        JSON.stringify((await judge(one)).map(plain)));
    for (const one of negative)
      await add(one.why, one.problems.join(), async () => {
        const refused = await refusal(() => evidence.readChapters(unhex(one.file)));
        if (refused !== "accepted") return refused;
        const found = (await judge(one)).flatMap((report) => report.findings);
        return [...new Set(found.map(({ problem }) => problem))].sort().join();
      });
  },
};

const plain = (report) => ({
  records: report.records,
  signed: report.signed,
  chained: report.chained,
  proved: report.proved,
  left_out: report.leftOut,
  entries: report.entries.map(({ service, kind, index, said, document }) => [
    service, kind, index, said.map((one) => (one instanceof Uint8Array ? hex(one) : one)),
    document ? hex(document) : "",
  ]),
  cosigned: report.cosigned.map(({ witness, atS }) => [witness, atS]),
});

async function joined(one) {
  const [root, path] = [unhex(one.root), one.path.map(unhex)];
  const holds =
    "index" in one
      ? await merkle.verifyInclusion(unhex(one.leaf_hash), one.index, one.size, path, root)
      : await merkle.verifyConsistency(one.old_size, unhex(one.old_root), one.size, root, path);
  return String(holds);
}

export async function run(vectors, table) {
  for (const [file, act] of Object.entries(RUNS))
    await act(vectors, async (why, expected, of) => {
      const came = await Promise.resolve().then(of).catch((error) => `broken: ${error.stack}`);
      const row = table.insertRow();
      for (const text of [file, why, expected, came, came === expected ? "✓" : "✗"])
        row.insertCell().textContent = text;
    });
}
