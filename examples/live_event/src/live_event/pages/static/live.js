// The live page: come in, be present, chat and ask.

import "./account.js";
import { event, find, words } from "./page.js";
import { call, leadToSignIn, session } from "./session.js";
import { Talk, keepUp } from "./talk.js";

const PING_MS = 20_000;
const path = `/api/events/${encodeURIComponent(event)}`;
const say = (text) => {
  find("notice").textContent = text;
};
const talks = {
  message: new Talk("chat", `${path}/chat`, "messages"),
  question: new Talk("questions", `${path}/questions`, "questions"),
};
let pinging = null;
let following = null;

async function open() {
  const { status, body } = await call("GET", `${path}/live`);
  if (body?.code === "registration_needed") return invite();
  if (status !== 200) return say(words[body?.code] ?? words.trouble);
  find("title").textContent = body.event.title;
  document.title = `${body.event.title} · ${words.site}`;
  find("room").hidden = false;
  find("register").hidden = true;
  connect();
  if (body.registered) await enter();
  else admit(false);
}

function invite() {
  following?.();
  following = null;
  find("room").hidden = true;
  find("title").textContent = words.closed;
  say(words.register_first);
  find("register").hidden = false;
}

function connect() {
  const tell = (word) => {
    find("connection").textContent = words[word];
  };
  tell("connecting");
  following ??= keepUp(event, talks, tell);
}

function admit(inside) {
  find("enter").hidden = inside;
  find("leave").hidden = !inside;
  for (const id of ["chat", "questions"]) find(`${id}-form`).hidden = !inside;
  clearInterval(pinging);
  if (inside) pinging = setInterval(ping, PING_MS);
  else find("presence").textContent = "";
}

async function enter() {
  const { status, body } = await call("POST", `${path}/access/track`);
  if (body?.code === "registration_needed") return invite();
  if (status !== 200) return say(words.trouble);
  say("");
  admit(true);
  await ping();
}

async function ping() {
  const { status } = await call("POST", `${path}/presence/ping`);
  find("presence").textContent = status === 204 ? words.here : "";
}

async function leave() {
  const { status } = await call("DELETE", `${path}/registrations/me`);
  if (status !== 200) return say(words.trouble);
  admit(false);
  say(words.left);
  find("enter").focus();
}

async function register() {
  const { status } = await call("POST", `${path}/registrations`);
  if (status !== 200 && status !== 201) return say(words.trouble);
  say("");
  await open();
}

function refusal({ status, body, again }) {
  if (status === 429) return words.too_fast.replace("{seconds}", again);
  if (status === 409) return words.conflict;
  return body?.code === "empty_body" ? words.empty : words.trouble;
}

function write(id, place, kind) {
  const form = find(`${id}-form`);
  form.addEventListener("submit", async (submitted) => {
    submitted.preventDefault();
    const answer = await call("POST", `${path}/${place}`, { body: form.body.value });
    find(`${id}-notice`).textContent = answer.status === 201 ? "" : refusal(answer);
    if (answer.status !== 201) return;
    talks[kind].put(answer.body);
    form.reset();
    form.body.focus();
  });
}

write("chat", "chat", "message");
write("questions", "questions", "question");
find("enter").addEventListener("click", async () => {
  await enter();
  find("leave").focus();
});
find("leave").addEventListener("click", leave);
find("register").addEventListener("click", register);
if (session()) await open();
else leadToSignIn();
