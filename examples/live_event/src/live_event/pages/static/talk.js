// A list of messages or questions, in the order in which they were written.

import { call } from "./session.js";
import { clock, find, make, words } from "./page.js";

const NEWEST = 200;

export class Talk {
  // `acts(entry)` gives the buttons below an entry.
  constructor(id, path, what, acts = () => []) {
    Object.assign(this, { list: find(id), path, what, acts, shown: new Map() });
    this.older = find(`${id}-older`);
    this.older.addEventListener("click", () => this.read(Math.min(...this.shown.keys())));
    this.list.append(make("li", { class: "nothing", text: words.nothing }));
  }

  // Show what the service has: the newest, or what is older than `before`.
  async read(before) {
    const { status, body } = await call("GET", before ? `${this.path}?before=${before}` : this.path);
    if (status !== 200) return false;
    const entries = body[this.what];
    for (const one of entries) this.put(one);
    // Twenty at a time: fewer are the last.
    if (before || this.older.hidden) this.older.hidden = entries.length < 20;
    return true;
  }

  put(entry) {
    const item = this.item(entry);
    const known = this.shown.get(entry.id);
    if (known) known.replaceWith(item);
    else this.insert(entry.id, item);
    this.shown.set(entry.id, item);
    if (this.shown.size > NEWEST && !known) this.gone(Math.min(...this.shown.keys()));
  }

  gone(id) {
    this.shown.get(id)?.remove();
    this.shown.delete(id);
  }

  insert(id, item) {
    this.list.querySelector(".nothing")?.remove();
    const atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 40;
    const next = [...this.list.children].find((one) => Number(one.dataset.id) > id) ?? null;
    this.list.insertBefore(item, next);
    if (atEnd) this.list.scrollTop = this.list.scrollHeight;
  }

  item(entry) {
    const off = entry.hidden || entry.state === "hidden";
    const who = entry.mine ? words.me : `${words.someone} ${entry.author}`;
    const state = entry.hidden ? words.hidden : words[entry.state];
    const about = [who, clock(entry.created_at), state].filter(Boolean).join(" · ");
    const names = [entry.mine && "mine", off && "off"].filter(Boolean).join(" ");
    const parts = [make("span", { class: "who", text: about }), make("p", { class: "body", text: entry.body })];
    const acts = this.acts(entry);
    if (acts.length) parts.push(make("div", { class: "acts" }, ...acts));
    return make("li", { class: names, "data-id": entry.id }, ...parts);
  }
}
