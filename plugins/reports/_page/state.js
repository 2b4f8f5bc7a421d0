// The address: #c=cluster&p=page&q=text&f=finding&i=image, so that back, forward and links work.

const PARTS = ["c", "p", "q", "f", "i"];
export let state = {};

export const parsed = hash =>
  Object.fromEntries([...new URLSearchParams(hash.slice(1))].filter(([part]) => PARTS.includes(part)));

/** The address of a state with changes; null takes a part out. */
export function linked(from, changes) {
  const next = new URLSearchParams(), parts = Object.entries({...from, ...changes});
  for (const [part, value] of parts) if (value !== null && value !== "") next.set(part, value);
  return "#" + next;
}

/** A whole number below `below` as the address has it; null for anything else. */
export const whole = (text, below) => /^-?\d{1,9}$/.test(text ?? "") && +text < below ? +text : null;

export const address = changes => linked(state, changes);
export const read = () => state = parsed(location.hash);

/** Go to where the address has these changes. Who listens for `popstate` draws it. */
export function go(changes, replace) {
  history[replace ? "replaceState" : "pushState"](null, "", address(changes));
  dispatchEvent(new PopStateEvent("popstate"));
}
