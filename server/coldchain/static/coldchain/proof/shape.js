// Checks of decoded values, to be put together: the CDDL of docs/protocol.md as functions.
// Each takes a value and refuses it or does nothing.

import { need, utf8 } from "./bytes.js";

export const integer = (low, high) => (value) => {
  need(typeof value === "number", "malformed", "not an integer");
  need(low <= value && value <= high, "out-of-range", `${value} is not within ${low}..${high}`);
};

export const octets = (size) => (value) =>
  need(value instanceof Uint8Array && value.length === size, "malformed", `not ${size} bytes`);

export const someOctets = (most) => (value) => {
  need(value instanceof Uint8Array, "malformed", "not a byte string");
  need(value.length <= most, "too-large", `${value.length} bytes, at most ${most}`);
};

export const text = (most) => (value) => {
  need(typeof value === "string" && value !== "", "malformed", "not a text");
  need(utf8(value).length <= most, "too-large", `a text of more than ${most} bytes`);
  need(!/[\u0000-\u001f\u007f-\u009f]/.test(value), "malformed", "control characters");
};

export const maybe = (rule) => (value) => {
  if (value !== null) rule(value);
};

export const some = (least, most, rule) => (value) => {
  need(Array.isArray(value), "malformed", "not a list");
  need(least <= value.length && value.length <= most, "out-of-range", `${value.length} items`);
  value.forEach(rule);
};

export const row = (...rules) => (value) => {
  need(Array.isArray(value) && value.length === rules.length, "malformed", "not such a list");
  rules.forEach((rule, at) => rule(value[at]));
};

// A map with the keys 0, 1, 2 ...
export const numbered = (...rules) => (value) => {
  const keys = value instanceof Map ? [...value.keys()] : [null];
  need(keys.length === rules.length && keys.every((key, at) => key === at), "malformed", "keys");
  rules.forEach((rule, at) => rule(value.get(at)));
};

export const device = (value) =>
  need(typeof value === "string" && /^[a-z2-7]{16}$/.test(value), "malformed", "not a device");

export const U8 = integer(0, 255);
export const U16 = integer(0, 65535);
export const U32 = integer(0, 2 ** 32 - 1);
export const U53 = integer(0, Number.MAX_SAFE_INTEGER);
export const SIZE = integer(1, Number.MAX_SAFE_INTEGER);
export const I32 = integer(1 - 2 ** 31, 2 ** 31 - 1);
export const I53 = integer(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
export const HASH = octets(32);
export const EPOCH = octets(8);
