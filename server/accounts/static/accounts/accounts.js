// Passkeys, and the keys of the PIN pad. Everything else on these pages works without this file.
"use strict";

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function say(what) {
  const place = document.querySelector("[data-said]");
  place.textContent = `△ ${what}`;
  place.hidden = false;
}

async function post(form, address, body) {
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const headers = { "X-CSRFToken": token, "Content-Type": "application/json" };
  const response = await fetch(address, { method: "POST", headers, body });
  return response.json();
}

const binary = (options) => ({
  ...options,
  challenge: bytes(options.challenge),
  user: options.user && { ...options.user, id: bytes(options.user.id) },
  excludeCredentials: (options.excludeCredentials || []).map((one) => ({ ...one, id: bytes(one.id) })),
  allowCredentials: undefined,
});

function plain(made) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
    if (made.response[name]) response[name] = text(made.response[name]);
  return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response });
}

async function ceremony(form) {
  const doing = form.dataset.passkey;
  const options = await post(form, `${form.action}/options`, "{}");
  if (options.said) return say(options.said);
  const made = await navigator.credentials[doing]({ publicKey: binary(options) });
  const wanted = form.querySelector("[name=next]");
  const query = wanted && wanted.value ? `?next=${encodeURIComponent(wanted.value)}` : "";
  const told = await post(form, form.action + query, plain(made));
  return told.go ? location.assign(told.go) : say(told.said);
}

if (window.PublicKeyCredential)
  for (const form of document.querySelectorAll("[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ceremony(form).catch(() => say(form.dataset.failed));
    });
  }

for (const form of document.querySelectorAll("[data-pad]")) {
  const pin = form.querySelector("[name=pin]");
  form.querySelector(".pad").hidden = false;
  form.querySelector("[data-plain]").hidden = true;
  form.addEventListener("click", (event) => {
    const key = event.target.dataset.key;
    if (key === undefined) return;
    pin.value = key === "" ? "" : (pin.value + key).slice(0, 6);
  });
}
