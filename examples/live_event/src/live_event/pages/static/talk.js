// A list of messages or questions, in the order in which they were written.

import { clock, find, make, words } from "./page.js";
import { call } from "./session.js";
import { follow } from "./socket.js";

const NEWEST = 200;
const PAGE = 20;

export class Talk {
  // `acts(entry)` gives the buttons below an entry.
  constructor(id, path, what, acts = () => []) {
    Object.assign(this, { list: find(id), path, what, acts, shown: new Map(), told: new Map(), over: new Set() });
    this.older = find(`${id}-older`);
    this.older.addEventListener("click", () => this.read(Math.min(...this.shown.keys())));
    this.list.append(make("li", { class: "nothing", text: words.nothing }));
  }

  // Show what the service has: the newest, or what is older than `before`.
  async read(before) {
    // What is hidden from now on is newer than the answer; what was hidden before, the answer knows better.
    if (!before) this.over.clear();
    const { status, body } = await call("GET", before ? `${this.path}?before=${before}` : this.path);
    if (status !== 200) return false;
    const entries = body[this.what];
    if (!before) this.forgetMissed(entries);
    for (const one of entries) this.put(one, Boolean(before));
    // Twenty at a time: fewer are the last.
    if (before || this.shown.size <= entries.length) this.older.hidden = entries.length < PAGE;
    return true;
  }

  // What was shown before a pause and is no longer so: hidden meanwhile, or with unknown ones in between.
  forgetMissed(entries) {
    const ids = new Set(entries.map((one) => one.id));
    const least = Math.min(...ids);
    const hole = entries.length === PAGE && !this.shown.has(least);
    for (const id of [...this.shown.keys()]) if (!ids.has(id) && (hole || id > least)) this.remove(id);
  }

  // Show an entry; `older` ones are not taken away again to keep the list short.
  put(entry, older = false) {
    const told = JSON.stringify(entry);
    if (this.over.has(entry.id) || this.told.get(entry.id) === told) return;
    const item = this.item(entry);
    const known = this.shown.get(entry.id);
    if (known) this.replace(known, item);
    else this.insert(entry.id, item);
    this.shown.set(entry.id, item);
    this.told.set(entry.id, told);
    if (this.shown.size > NEWEST && !known && !older) this.remove(Math.min(...this.shown.keys()));
  }

  // It was hidden: an answer that is older than that must not bring it back.
  gone(id) {
    this.over.add(id);
    this.remove(id);
  }

  // It may be seen (again).
  back(entry) {
    this.over.delete(entry.id);
    this.put(entry);
  }

  remove(id) {
    this.shown.get(id)?.remove();
    this.shown.delete(id);
    this.told.delete(id);
  }

  // Whoever stood on a button of the old item goes on in the new one.
  replace(known, item) {
    const stood = [...known.querySelectorAll("button")].indexOf(document.activeElement);
    known.replaceWith(item);
    if (stood >= 0) (item.querySelectorAll("button")[stood] ?? item.querySelector("button"))?.focus();
  }

  insert(id, item) {
    this.list.querySelector(".nothing")?.remove();
    const frame = this.list.parentElement;
    const atEnd = frame.scrollHeight - frame.scrollTop - frame.clientHeight < 40;
    const next = [...this.list.children].find((one) => Number(one.dataset.id) > id) ?? null;
    this.list.insertBefore(item, next);
    if (atEnd) frame.scrollTop = frame.scrollHeight;
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

// Keep *talks* (by kind: message, question) as the service has them. `tell(word)` gets "connecting", "connected", or
// "trouble" when they could not be read. Returns a function that ends it.
export function keepUp(event, talks, tell) {
  return follow(event, {
    ready: async () => {
      const read = await Promise.all(Object.values(talks).map((one) => one.read()));
      tell(read.every(Boolean) ? "connected" : "trouble");
    },
    hear: (frame) => {
      if (frame.kind === "gone") talks[frame.what].gone(frame.id);
      else talks[frame.kind].back(frame[frame.kind]);
    },
    lost: () => tell("connecting"),
  });
}
