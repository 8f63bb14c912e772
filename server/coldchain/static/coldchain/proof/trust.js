// What this browser knows of the log from before: its key, and the newest checkpoint that it checked.
// The first key is believed because it is the first (as with ssh), a typed one because somebody brought
// it from elsewhere; either shows one that is changed later. Nothing leaves the browser.

const PLACE = "jagalchi-log";

// {vkey, typed, day, size, root} or null; a browser may keep nothing.
export function remembered() {
  try {
    const known = JSON.parse(localStorage.getItem(PLACE));
    return known && typeof known.vkey === "string" && Number.isSafeInteger(known.size) ? known : null;
  } catch {
    return null;
  }
}

// Keep what was just checked. Whether it is kept.
export function remember(known, vkey, { size, root }, typed) {
  const same = known?.vkey === vkey;
  const day = same ? known.day : new Date().toISOString().slice(0, 10);
  const kept = { vkey, typed: typed || (same && known.typed), day, size, root };
  try {
    localStorage.setItem(PLACE, JSON.stringify(kept));
    return true;
  } catch {
    return false;
  }
}

export const IS_SAME = "same";
export const IS_AHEAD = "ahead";
export const IS_SHORTER = "shorter";
export const IS_OTHER = "other";
export const IS_UNSHOWN = "unshown";

// Whether the log in a chapter leads on from an earlier checkpoint {size, root}. The chapter was
// examined before: whatever proof it brings along holds.
export function leadsOn(chapter, checkpoints, earlier) {
  const newest = checkpoints[checkpoints.length - 1];
  const at = checkpoints.findIndex((one) => one.size === earlier.size);
  if (at < 0) return newest && newest.size < earlier.size ? IS_SHORTER : IS_UNSHOWN;
  if (checkpoints[at].root !== earlier.root) return IS_OTHER;
  const rest = chapter.proofs.slice(at + 1);
  const shown = rest.every((one, n) => one.extends?.since === checkpoints[at + n].size);
  return !shown ? IS_UNSHOWN : rest.length ? IS_AHEAD : IS_SAME;
}
