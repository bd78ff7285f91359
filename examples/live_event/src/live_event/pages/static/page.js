// What every page shares: its words, and how something is shown. Text from people only ever becomes text.

export const words = JSON.parse(document.getElementById("words").textContent);
export const event = document.getElementById("content").dataset.event;

export const find = (id) => document.getElementById(id);

export function make(name, { text, type, ...attributes } = {}, ...children) {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (type) element.type = type;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

export function clock(moment) {
  const how = { hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(document.documentElement.lang, how).format(new Date(moment));
}
