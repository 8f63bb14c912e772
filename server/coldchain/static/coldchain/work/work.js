// Sums while one types, minutes that go on, photos made small enough. All pages work without it.
"use strict";

const grams = (text) => {
  const found = /^\s*(\d{1,7})(?:[.,](\d{1,3}))?\s*$/.exec(text);
  return found ? Number(found[1]) * 1000 + Number((found[2] || "").padEnd(3, "0")) : 0;
};
const kilograms = (n) => `${n < 0 ? "−" : ""}${Math.abs(n) / 1000}`;

// The server holds the sum against the bounds of the step; here it is only added up at once.
function live(form) {
  const box = form.querySelector(".outs"), sum = form.querySelector(".sum");
  const whole = grams(box.dataset.sum), shown = (name) => sum.querySelector(`[data-${name}]`);
  const show = () => {
    const parts = [...form.querySelectorAll("[data-part]")].map((one) => grams(one.value));
    const made = parts.reduce((a, b) => a + b, 0), lost = whole - made;
    const fits = Math.abs(lost) * 1000 <= whole * 5, partly = sum.dataset.partly;
    const state = lost < 0 && !fits ? "bad" : fits || partly ? "good" : "warn";
    const [shape, word] = { bad: ["✕", "heavier"], warn: ["△", "open"], good: ["✓", "fits"] }[state];
    sum.className = `sum ${made ? state : "calm"}`;
    shown("made").textContent = kilograms(made);
    shown("lost").textContent = kilograms(lost);
    if (!made) return;
    shown("shape").textContent = shape;
    shown("word").textContent = state === "good" && partly && !fits ? partly : sum.dataset[word];
  };
  form.addEventListener("input", show);
  form.querySelector("[data-check]").hidden = true;
}

function clock(box) {
  const since = Number(box.dataset.since), limit = 20;
  const here = performance.now(), start = Number(box.querySelector("[data-minutes]").textContent);
  const show = () => {
    const gone = start + (performance.now() - here) / 60000;
    box.querySelector("[data-minutes]").textContent = String(Math.floor(gone));
    box.querySelector("[data-bar]").setAttribute("width", String(Math.min((gone / limit) * 100, 100)));
    if (gone <= limit || box.classList.contains("warn")) return;
    box.classList.replace("wait", "warn");
    box.querySelector(".sign").textContent = "△";
    box.querySelector("p:last-of-type").textContent = box.dataset.over;
  };
  if (since) setInterval(show, 5000);
}

const MOST = 600 * 1024;

async function shrink(input) {
  const file = input.files[0];
  if (!file || file.size <= MOST) return;
  const picture = await createImageBitmap(file);
  for (let side = 1600; side >= 400; side /= 2) {
    const scale = Math.min(1, side / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = picture.width * scale;
    canvas.height = picture.height * scale;
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
    if (!small || small.size > MOST) continue;
    const files = new DataTransfer();
    files.items.add(new File([small], "photo.jpg", { type: "image/jpeg" }));
    input.files = files.files;
    return;
  }
}

for (const form of document.querySelectorAll("[data-live]")) live(form);
for (const key of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  key.hidden = false;
  key.addEventListener("click", async () => {
    await navigator.clipboard.writeText(key.dataset.copy);
    key.textContent = key.dataset.copied;
  });
}
for (const box of document.querySelectorAll("[data-since]")) clock(box);
for (const input of document.querySelectorAll("[data-shrink]")) {
  let busy = null;
  input.addEventListener("change", () => {
    const mine = shrink(input).catch(() => undefined).then(() => { if (busy === mine) busy = null; });
    busy = mine;
  });
  input.form.addEventListener("submit", (event) => {
    if (!busy) return;
    event.preventDefault();
    // A form that is being submitted takes no second submission; the next task may.
    busy.then(() => setTimeout(() => input.form.requestSubmit(event.submitter)));
  });
}
const wrong = document.getElementById("wrong");
if (wrong) wrong.focus();
