// The page's button: fetch the evidence file once, check it here, and say what holds. Nothing else
// on the page needs this file. After the fetch no network is needed, and none is used.

import { leftOut } from "./account.js";
import { Refused, hex, sha256, utf8 } from "./bytes.js";
import { examine, isWhole, readChapters } from "./evidence.js";
import { isAble } from "./note.js";
import * as trust from "./trust.js";
import { SAY, hours } from "./words.js";

const place = document.getElementById("checked");
const button = document.getElementById("check");

function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

// One thing that holds (true), does not (false), or was not checked (null); the same is returned.
function line(list, holds, text) {
  const item = element("li");
  item.append(element("span", holds === null ? "○" : holds ? "✓" : "✗", "shape"), element("span", text));
  list.append(item);
  return holds;
}

// The result as canonical text, wherever it stands in the entry's private part.
function resultText(entry) {
  return entry.said.find((part) => typeof part === "string" && part.startsWith("{")) || "";
}

// Whether the result can be computed again: it names its history by a hash, and the file holds it.
function again({ document, said }) {
  if (document) return "again";
  return said.some((part) => part instanceof Uint8Array) ? "not_here" : "not_again";
}

async function results(list, entries, told) {
  let same = true;
  for (const entry of entries) {
    const text = resultText(entry);
    const shown = hex(await sha256(utf8(text))) === told;
    same = same && shown;
    line(list, true, SAY.result(entry.index));
    line(list, shown, shown ? SAY.same : SAY.other);
    line(list, null, SAY[again(entry)]);
  }
  return same && entries.length > 0;
}

function readings(list, reports, entries) {
  const total = (name) => reports.reduce((sum, one) => sum + one[name], 0);
  const shown = reports.flatMap((one) => one.readings);
  const proved = shown.filter(({ index }) => index !== null).length;
  if (shown.length) line(list, shown.length === proved, SAY.readings(shown.length, proved));
  else line(list, null, SAY.no_readings);
  for (const { document } of entries) {
    const account = document && leftOut(document, shown);
    if (account?.missing) line(list, null, SAY.missing(account.missing, account.of, hours(account.times)));
  }
  if (total("leftOut")) line(list, null, SAY.left(total("leftOut")));
  if (total("simulated")) line(list, null, SAY.simulated(total("simulated")));
}

function content(entries) {
  const box = element("details");
  box.append(element("summary", SAY.content));
  for (const entry of entries) box.append(element("pre", pretty(resultText(entry))));
  return box;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 1);
  } catch {
    return text;
  }
}

function witnesses(list, reports) {
  const seen = new Set(reports.flatMap((one) => one.cosigned.map((c) => c.witness.split("+")[0])));
  for (const name of seen) line(list, true, SAY.witness(name));
  if (!seen.size) line(list, null, SAY.no_witness);
}

// Whether the log's key is one that was known from before, or brought along.
function keyLine(list, vkey, known, typed) {
  if (typed) return line(list, typed === vkey, typed === vkey ? SAY.key_typed : SAY.key_other);
  if (!known) return line(list, null, SAY.key_first);
  if (known.vkey !== vkey) return line(list, false, SAY.key_changed(known.day));
  return line(list, true, (known.typed ? SAY.key_brought : SAY.key_seen)(known.day));
}

// Whether the log is the one that was seen before, or that the page was made with, and more.
function growth(list, chapter, checkpoints, known) {
  const isKnown = known?.vkey === chapter.vkey;
  const page = { size: Number(place.dataset.size), root: place.dataset.root };
  const earlier = isKnown ? known : page;
  const came = trust.leadsOn(chapter, checkpoints, earlier);
  const said = came === trust.IS_SAME ? trust.IS_AHEAD : came;
  const holds = said === trust.IS_UNSHOWN ? null : said === trust.IS_AHEAD;
  return line(list, holds, SAY[`${isKnown ? "seen" : "page"}_${said}`](earlier.size));
}

function keys(vkey, known) {
  const told = element("p", `${SAY.key}: `, "note");
  told.append(element("code", vkey), element("br"), SAY.key_note);
  if (known && known.vkey !== vkey)
    told.append(element("br"), `${SAY.key_before}: `, element("code", known.vkey));
  return told;
}

async function show(chapters, reports, known) {
  const [list, typed] = [element("ul", "", "proof-rows"), field.value.trim()];
  const [{ vkey }] = chapters;
  const { checkpoints } = reports[0];
  const newest = checkpoints[checkpoints.length - 1];
  line(list, Boolean(newest?.size), SAY.log(newest?.size ?? 0));
  const key = keyLine(list, vkey, known, typed);
  const grows = newest ? growth(list, chapters[0], checkpoints, known) : false;
  witnesses(list, reports);
  const entries = reports.flatMap((one) => one.entries);
  const same = await results(list, entries, place.dataset.told);
  readings(list, reports, entries);
  const findings = reports.flatMap((one) => one.findings);
  for (const { problem, where } of findings) line(list, false, `${problem} – ${where}`);
  const oneLog = new Set(chapters.map((one) => one.vkey)).size === 1;
  const proved = reports.every(isWhole) && same && oneLog && Boolean(newest?.size) && grows !== false;
  // Whoever shows a forked log need only leave out the proof that it leads on from what was seen.
  const unshown = grows === null && known?.vkey === vkey;
  const outcome = !proved ? "broken" : key === false ? "changed" : unshown ? "unshown" : "whole";
  const tone = outcome === "whole" ? "fine" : "alert";
  const word = outcome === "changed" && typed ? SAY.mistyped : SAY[outcome];
  const head = element("p", `${outcome === "whole" ? "●" : "■"} ${word}`, tone);
  place.replaceChildren(head, list, content(entries), keys(vkey, known));
  if (outcome === "whole" && !trust.remember(known, vkey, newest, typed === vkey))
    line(list, null, SAY.key_unkept);
  if (outcome === "changed" && !typed) place.append(believe(vkey, newest));
  place.dataset.outcome = outcome;
}

// Only a person can say that another key is right, having compared it.
function believe(vkey, newest) {
  const made = element("button", SAY.key_believe);
  made.addEventListener("click", () => {
    trust.remember(null, vkey, newest, true);
    file.known = trust.remembered();
    check();
  });
  return made;
}

function fail(text, outcome) {
  place.replaceChildren(element("p", `△ ${text}`, "alert"));
  place.dataset.outcome = outcome;
}

let file = null; // {data, known}, fetched once: from then on the check works offline

async function check() {
  place.replaceChildren(element("p", SAY.working));
  delete place.dataset.outcome;
  try {
    file ||= await fetched();
  } catch {
    return fail(SAY.offline, "offline");
  }
  try {
    const chapters = readChapters(file.data);
    const reports = [];
    for (const chapter of chapters) reports.push(await examine(chapter));
    return await show(chapters, reports, file.known);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return fail(`${SAY.broken} (${error.message})`, "broken");
  }
}

// With what this browser knew when it asked: another window may learn more in the meantime.
async function fetched() {
  const known = trust.remembered();
  const response = await fetch(place.dataset.file + (known ? `&since=${known.size}` : ""));
  if (!response.ok) throw new Error(response.statusText);
  return { data: new Uint8Array(await response.arrayBuffer()), known };
}

function keyField() {
  const [box, label, made] = [element("details"), element("label", SAY.key_field), element("input")];
  made.autocomplete = "off";
  made.spellcheck = false;
  label.append(made);
  box.append(element("summary", SAY.key_ask), label);
  place.before(box);
  return made;
}

let field = null;

if (await isAble()) {
  field = keyField();
  button.hidden = false;
  button.addEventListener("click", check);
  // Nobody who saves data is sent what they did not ask for.
  if (!navigator.connection?.saveData) file = await fetched().catch(() => null);
} else {
  fail(SAY.unable, "unable");
}
