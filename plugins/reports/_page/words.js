// Words and numbers as people read them.

// What names hold is anyone's: they reach the page as text nodes, on one line, with everything invisible spelt out.
export const shown = text => String(text).replace(/\p{Zs}/gu, " ").replace(/[\p{C}\p{Zl}\p{Zp}]/gu,
  sign => "\\u" + sign.codePointAt(0).toString(16).padStart(4, "0"));
/** The name of a column as one would say it. */
export const spoken = name => shown(name).replaceAll("_", " ");
export const grouped = number => number.toLocaleString("en");
export const counted = (number, noun) => grouped(number) + " " + noun + (number === 1 ? "" : "s");
// Rounded; 0 and 100 are kept for none and all.
export const percent = (part, whole) =>
  (part === whole ? 100 : part ? Math.min(99, Math.max(1, Math.round(100 * part / whole))) : 0) + " %";
