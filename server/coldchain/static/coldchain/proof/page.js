// The page's button: fetch the evidence file once, check it here, and say what holds. Nothing else
// on the page needs this file. After the fetch no network is needed, and none is used.

import { examine, isWhole, readChapters } from "./evidence.js";
import { Refused, hex, sha256, utf8 } from "./bytes.js";
import { isAble } from "./note.js";

const KO = {
  unable: "이 브라우저는 확인할 수 없습니다. 증거 파일을 받아 다른 기기에서 확인하세요.",
  working: "확인하는 중…",
  offline: "증거 파일을 받지 못했습니다. 인터넷 연결을 확인하고 다시 누르세요.",
  whole: "확인했습니다. 기록이 나중에 바뀌지 않았습니다.",
  broken: "확인되지 않습니다. 이 화면의 내용을 믿지 마세요.",
  log: (n) => `공개 장부가 서명했습니다 (항목 ${n}개까지)`,
  key: "장부의 열쇠",
  key_note: "다른 곳에서 알게 된 열쇠와 같은지 비교하세요. 파일에 적힌 열쇠만으로는 장부가 진짜인지 알 수 없습니다.",
  witness: (name) => `다른 증인도 같은 장부를 보았습니다: ${name}`,
  no_witness: "증인 없음: 운영자가 사람마다 다른 장부를 보이지 않는다는 점은 확인되지 않습니다.",
  result: (n) => `판정이 장부 ${n}번 항목에 그대로 있습니다`,
  same: "이 화면의 판정과 같습니다",
  other: "이 화면의 판정과 다릅니다",
  readings: (n, of) => `온도 기록 ${n}개 중 ${of}개: 기기의 서명과 장부의 증명이 맞습니다`,
  no_readings: "이 파일에는 온도 기록이 없습니다",
  left: (n) => `위치·문 열림 등 공개하지 않는 기록 ${n}개는 자리만 확인했습니다`,
  simulated: (n) => `모의 기록 ${n}개`,
  content: "판정 내용 보기",
};
const EN = {
  unable: "This browser cannot check. Here is the file: check it on another device.",
  working: "checking…",
  offline: "The evidence file did not arrive. Check the connection and press again.",
  whole: "Checked. The record was not changed later.",
  broken: "It does not hold. Do not believe what this page says.",
  log: (n) => `signed by the public log (up to entry ${n})`,
  key: "key of the log",
  key_note: "Compare it with the key as you know it from elsewhere: a file vouches for nothing.",
  witness: (name) => `another witness saw the same log: ${name}`,
  no_witness: "no witness: that the operator shows everybody the same log is not confirmed.",
  result: (n) => `the result stands in the log as entry ${n}, word for word`,
  same: "it is the result that this page shows",
  other: "it is not the result that this page shows",
  readings: (n, of) => `temperature records: ${of} of ${n} bear the device's signature and the log's proof`,
  no_readings: "this file holds no temperature records",
  left: (n) => `of ${n} records that are not public (positions, doors) only the place was checked`,
  simulated: (n) => `simulated records: ${n}`,
  content: "show the result's content",
};
const SAY = document.documentElement.lang === "en" ? EN : KO;

const place = document.getElementById("checked");
const button = document.getElementById("check");

function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

function line(list, holds, text) {
  const item = element("li");
  item.append(element("span", holds === null ? "○" : holds ? "✓" : "✗", "shape"), element("span", text));
  list.append(item);
}

// The result as canonical text, wherever it stands in the entry's private part.
function resultText(entry) {
  return entry.said.find((part) => typeof part === "string" && part.startsWith("{")) || "";
}

async function results(list, entries, told) {
  let same = true;
  for (const entry of entries) {
    const text = resultText(entry);
    const shown = hex(await sha256(utf8(text))) === told;
    same = same && shown;
    line(list, true, SAY.result(entry.index));
    line(list, shown, shown ? SAY.same : SAY.other);
  }
  return same && entries.length > 0;
}

function readings(list, reports) {
  const total = (name) => reports.reduce((sum, one) => sum + one[name], 0);
  const [records, proved] = [total("records"), total("proved")];
  if (records) line(list, records === proved, SAY.readings(records, proved));
  else line(list, null, SAY.no_readings);
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

async function show(chapters, reports) {
  const list = element("ul", "", "proof-rows");
  const size = Math.max(0, ...reports.flatMap((one) => one.checkpoints.map((c) => c.size)));
  line(list, size > 0, SAY.log(size));
  witnesses(list, reports);
  const entries = reports.flatMap((one) => one.entries);
  const same = await results(list, entries, place.dataset.told);
  readings(list, reports);
  const findings = reports.flatMap((one) => one.findings);
  for (const { problem, where } of findings) line(list, false, `${problem} – ${where}`);
  const oneLog = new Set(chapters.map((one) => one.vkey)).size === 1;
  const holds = reports.every(isWhole) && same && oneLog && size > 0;
  const head = element("p", `${holds ? "●" : "■"} ${holds ? SAY.whole : SAY.broken}`, holds ? "fine" : "alert");
  const key = element("p", `${SAY.key}: `, "note");
  key.append(element("code", chapters[0].vkey), element("br"), SAY.key_note);
  place.replaceChildren(head, list, content(entries), key);
  place.dataset.outcome = holds ? "whole" : "broken";
}

function fail(text, outcome) {
  place.replaceChildren(element("p", `△ ${text}`, "alert"));
  place.dataset.outcome = outcome;
}

let file = null; // fetched once: from then on the check works offline

async function check() {
  place.replaceChildren(element("p", SAY.working));
  try {
    file ||= await fetched();
  } catch {
    return fail(SAY.offline, "offline");
  }
  try {
    const chapters = readChapters(file);
    const reports = [];
    for (const chapter of chapters) reports.push(await examine(chapter));
    return await show(chapters, reports);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return fail(`${SAY.broken} (${error.message})`, "broken");
  }
}

async function fetched() {
  const response = await fetch(place.dataset.file);
  if (!response.ok) throw new Error(response.statusText);
  return new Uint8Array(await response.arrayBuffer());
}

if (await isAble()) {
  button.hidden = false;
  button.addEventListener("click", check);
  // Nobody who saves data is sent what they did not ask for.
  if (!navigator.connection?.saveData) file = await fetched().catch(() => null);
} else {
  fail(SAY.unable, "unable");
}
