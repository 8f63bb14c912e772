// What the check says, in Korean and English.

const KO = {
  unable: "이 브라우저는 확인할 수 없습니다. 증거 파일을 받아 다른 기기에서 확인하세요.",
  working: "확인하는 중…",
  offline: "증거 파일을 받지 못했습니다. 인터넷 연결을 확인하고 다시 누르세요.",
  whole: "확인했습니다. 기록이 나중에 바뀌지 않았습니다.",
  broken: "확인되지 않습니다. 이 화면의 내용을 믿지 마세요.",
  unshown:
    "확인을 끝내지 못했습니다. 장부가 이 브라우저가 전에 확인한 장부에서 이어진다는 증명이 파일에 없습니다. 다른 장부일 수 있습니다. 화면을 새로 열어 다시 확인하고, 그래도 같으면 이 화면을 믿지 마세요.",
  changed:
    "장부의 열쇠가 이 브라우저가 알던 것과 다릅니다. 운영자가 장부를 새로 시작했거나, 누군가 다른 장부를 보여 주고 있습니다. 다른 곳에서 알게 된 열쇠와 비교하기 전에는 이 화면을 믿지 마세요.",
  mistyped:
    "장부의 열쇠가 입력한 것과 다릅니다. 바르게 입력했는지 확인하고, 그래도 다르면 이 화면을 믿지 마세요.",
  log: (n) => `공개 장부가 서명했습니다 (항목 ${n}개까지)`,
  key: "장부의 열쇠",
  key_note: "다른 곳에서 알게 된 열쇠와 같은지 비교하세요. 파일에 적힌 열쇠만으로는 장부가 진짜인지 알 수 없습니다.",
  key_first: "장부의 열쇠를 처음 봅니다. 바뀌면 알 수 있도록 이 브라우저에 기억합니다",
  key_unkept: "장부의 열쇠를 이 브라우저에 기억할 수 없습니다: 바뀌어도 알 수 없습니다",
  key_seen: (day) => `장부의 열쇠가 이 브라우저가 처음 본 것(${day})과 같습니다`,
  key_typed: "장부의 열쇠가 입력한 것과 같습니다",
  key_brought: (day) => `장부의 열쇠가 전에 입력한 것(${day})과 같습니다`,
  key_other: "장부의 열쇠가 입력한 것과 다릅니다",
  key_changed: (day) => `장부의 열쇠가 이 브라우저가 알던 것(${day})과 다릅니다`,
  key_before: "알던 열쇠",
  key_ask: "장부의 열쇠를 따로 알고 있나요?",
  key_field: "운영자가 공개한 열쇠를 붙여 넣으세요",
  key_believe: "비교했습니다 – 새 열쇠를 기억하기",
  seen_ahead: (n) => `이 브라우저가 전에 확인한 장부(항목 ${n}개)에서 그대로 이어집니다`,
  seen_shorter: (n) => `이 브라우저가 전에 확인한 장부(항목 ${n}개)보다 짧습니다`,
  seen_other: (n) => `이 브라우저가 전에 확인한 장부(항목 ${n}개)와 내용이 다릅니다`,
  seen_unshown: (n) => `전에 확인한 장부(항목 ${n}개)에서 이어지는지는 확인하지 못했습니다`,
  page_ahead: (n) => `이 화면을 만들 때의 장부(항목 ${n}개)에서 그대로 이어집니다`,
  page_shorter: (n) => `이 화면을 만들 때의 장부(항목 ${n}개)보다 짧습니다`,
  page_other: (n) => `이 화면을 만들 때의 장부(항목 ${n}개)와 내용이 다릅니다`,
  page_unshown: (n) => `이 화면을 만들 때의 장부(항목 ${n}개)에서 이어지는지는 확인하지 못했습니다`,
  witness: (name) => `다른 증인도 같은 장부를 보았습니다: ${name}`,
  no_witness: "증인 없음: 운영자가 사람마다 다른 장부를 보이지 않는다는 점은 확인되지 않습니다.",
  result: (n) => `판정이 장부 ${n}번 항목에 그대로 있습니다`,
  same: "이 화면의 판정과 같습니다",
  other: "이 화면의 판정과 다릅니다",
  again: "판정의 바탕이 된 이력이 파일에 있고, 판정이 그 이력을 가리킵니다. 이 화면은 판정을 다시 계산하지 않습니다. 컴퓨터에서 다시 계산하는 명령: jagalchi-agent verify",
  not_again: "이력을 남기기 전의 판정이라 다시 계산할 수 없습니다",
  not_here: "판정이 가리키는 이력이 이 파일에 없어 다시 계산할 수 없습니다",
  readings: (n, of) => `온도 기록 ${n}개 중 ${of}개: 기기의 서명과 장부의 증명이 맞습니다`,
  no_readings: "이 파일에는 온도 기록이 없습니다",
  missing: (n, of, when) =>
    `판정의 바탕이 된 온도 기록 ${of}개 중 ${n}개는 이 파일에 없습니다 (${when}). 이 로트의 관계자와 검사 기관은 로그인하면 전체를 받을 수 있습니다`,
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
  unshown:
    "Not confirmed. The file does not prove that the log leads on from what this browser checked before: it may be another log. Load the page and check again; if it says the same, do not believe this page.",
  changed:
    "The key of the log is not the one that this browser knew. Either the operator began a new log, or somebody shows you another one. Do not believe this page before you have compared the key with one that you know from elsewhere.",
  mistyped:
    "The key of the log is not the one that you typed. See whether you typed it right; if you did, do not believe this page.",
  log: (n) => `signed by the public log (up to entry ${n})`,
  key: "key of the log",
  key_note: "Compare it with the key as you know it from elsewhere: a file vouches for nothing.",
  key_first: "the key of the log is new to this browser, which keeps it, so that a change will show",
  key_unkept: "this browser cannot keep the key of the log: a change will not show",
  key_seen: (day) => `the key of the log is the one that this browser first saw (${day})`,
  key_typed: "the key of the log is the one that you typed",
  key_brought: (day) => `the key of the log is the one that was typed here (${day})`,
  key_other: "the key of the log is not the one that you typed",
  key_changed: (day) => `the key of the log is not the one that this browser knew (${day})`,
  key_before: "key as it was known",
  key_ask: "Do you know the key of the log from elsewhere?",
  key_field: "Paste the key as its operator publishes it",
  key_believe: "I have compared it – remember the new key",
  seen_ahead: (n) => `the log leads on from what this browser checked before (${n} entries)`,
  seen_shorter: (n) => `the log is shorter than what this browser checked before (${n} entries)`,
  seen_other: (n) => `the log is another than what this browser checked before (${n} entries)`,
  seen_unshown: (n) => `not shown: that the log leads on from what was checked before (${n} entries)`,
  page_ahead: (n) => `the log leads on from where it was when this page was made (${n} entries)`,
  page_shorter: (n) => `the log is shorter than when this page was made (${n} entries)`,
  page_other: (n) => `the log is another than when this page was made (${n} entries)`,
  page_unshown: (n) => `not shown: that the log leads on from when this page was made (${n} entries)`,
  witness: (name) => `another witness saw the same log: ${name}`,
  no_witness: "no witness: that the operator shows everybody the same log is not confirmed.",
  result: (n) => `the result stands in the log as entry ${n}, word for word`,
  same: "it is the result that this page shows",
  other: "it is not the result that this page shows",
  again: "the history that the result rests on is in the file, and the result names it. This page does not compute the result again; on a computer one command does: jagalchi-agent verify",
  not_again: "the result is from before results named their history: it cannot be computed again",
  not_here: "the history that the result names is not in this file: it cannot be computed again from it",
  readings: (n, of) => `temperature records with the device's signature and the log's proof: ${of} of ${n}`,
  no_readings: "this file holds no temperature records",
  missing: (n, of, when) =>
    `${n} of the ${of} temperature records that the result rests on are not in this file (${when}). Whoever has to do with this lot, and inspectors, get all of them when signed in`,
  left: (n) => `records that are not public (positions, doors), of which only the place was checked: ${n}`,
  simulated: (n) => `simulated records: ${n}`,
  content: "show the result's content",
};
export const LANGUAGE = document.documentElement.lang === "en" ? "en" : "ko";
export const SAY = LANGUAGE === "en" ? EN : KO;

const HOUR = { timeZone: "Asia/Seoul", month: "short", day: "numeric", hour: "numeric", hour12: true };

// Times [[fromMs, untilMs], ...] to the hour, three of them at most.
export function hours(times) {
  const format = new Intl.DateTimeFormat(LANGUAGE === "en" ? "en-GB" : "ko-KR", HOUR);
  const told = times.slice(0, 3).map(([from, until]) => format.formatRange(from, until));
  return told.join(", ") + (times.length > 3 ? ", …" : "");
}
