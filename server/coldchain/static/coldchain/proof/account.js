// How many of the readings that a verdict rests on are not in the file, and when they were made. The
// history behind the entry counts them for each section of time: docs/freshness.md.

import { text } from "./bytes.js";

// {missing, of, times: [[fromMs, untilMs], ...]}, or null for a document that is no history of ours.
export function leftOut(document, readings) {
  try {
    return counted(JSON.parse(text(document)), readings);
  } catch {
    return null; // whoever checks with the command hears why
  }
}

function counted(history, readings) {
  const known = readings.filter(({ index }) => index !== null && index < history.entries);
  const found = { missing: 0, of: 0, times: [] };
  for (const { from, until, sources } of sections(history)) {
    const here = known.filter((one) => from <= one.atMs && one.atMs < until && sources.has(one.device));
    const of = [...sources.values()].reduce((sum, one) => sum + one, 0);
    found.of += of;
    if (here.length >= of) continue;
    found.missing += of - here.length;
    const last = found.times[found.times.length - 1];
    if (last && last[1] === from) last[1] = until;
    else found.times.push([from, until]);
  }
  return found;
}

// Gapless up to the moment of the verdict.
function sections(history) {
  const lengths = history.sections.map(([, bins]) => bins.reduce((sum, bin) => sum + bin[3], 0));
  let at = history.until_ms - lengths.reduce((sum, one) => sum + one, 0);
  return history.sections.map(([, , , sources], number) => {
    const from = at;
    at += lengths[number];
    const all = new Map();
    for (const [device, readings] of sources) all.set(device, (all.get(device) || 0) + readings);
    return { from, until: at, sources: all };
  });
}
