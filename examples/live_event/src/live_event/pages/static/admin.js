// The administrator's page: who is there, who was, and what others may read.

import "./account.js";
import { chart } from "./chart.js";
import { clock, event, find, make, words } from "./page.js";
import { call, leadToSignIn, session } from "./session.js";
import { Talk, keepUp } from "./talk.js";

const LOOK_MS = 5_000;
const path = `/api/events/${encodeURIComponent(event)}`;
const say = (text) => {
  find("notice").textContent = text;
};

function act(text, { body }, place, change) {
  const button = make("button", { type: "button", class: "second", text, "aria-label": `${text}: ${body}` });
  button.addEventListener("click", async () => {
    // Not `disabled`: whoever is on it by keyboard would be thrown out.
    if (button.ariaDisabled === "true") return;
    button.ariaDisabled = "true";
    const answer = await call("PATCH", place, change);
    find("failed").textContent = answer.status === 200 ? "" : words.trouble;
    if (answer.status === 200) talks[answer.body.state ? "question" : "message"].put(answer.body);
    else button.ariaDisabled = "false";
  });
  return button;
}

function onMessage(entry) {
  return [act(entry.hidden ? words.show : words.hide, entry, `${path}/chat/${entry.id}`, { hidden: !entry.hidden })];
}

function onQuestion(entry) {
  const ways = { answered: words.mark_answered, waiting: words.mark_waiting, hidden: words.hide };
  const others = Object.entries(ways).filter(([one]) => one !== entry.state);
  return others.map(([one, text]) => act(text, entry, `${path}/questions/${entry.id}`, { state: one }));
}

const talks = {
  message: new Talk("chat", `${path}/chat`, "messages", onMessage),
  question: new Talk("questions", `${path}/questions`, "questions", onQuestion),
};

async function look() {
  const { status, body } = await call("GET", `${path}/stats/access`);
  if (status !== 200) {
    say(status === 403 ? words.admins_only : (words[body?.code] ?? words.trouble));
    return false;
  }
  say("");
  find("now").textContent = body.currentParticipants;
  find("chart").replaceChildren(chart(body.timeline));
  const rows = body.timeline.map((one) =>
    make("tr", {}, make("td", { text: clock(one.minute) }), make("td", { text: one.participants })),
  );
  find("minutes").replaceChildren(...rows.reverse());
  return true;
}

async function open() {
  if (!(await look())) return;
  find("room").hidden = false;
  setInterval(look, LOOK_MS);
  keepUp(event, talks, (word) => {
    find("failed").textContent = word === "trouble" ? words.trouble : "";
  });
}

if (session()) await open();
else leadToSignIn();
