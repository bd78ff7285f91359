// Sign in or up, then go where one wanted to.

import "./account.js";
import { find, words } from "./page.js";
import { signIn, signUp } from "./session.js";

const form = find("credentials");

function wanted() {
  const next = new URL(new URLSearchParams(location.search).get("next") ?? "/", location.origin);
  return next.origin === location.origin ? next.href : "/";
}

form.addEventListener("submit", async (submitted) => {
  submitted.preventDefault();
  const credentials = { email: form.email.value, password: form.password.value };
  const enter = submitted.submitter?.value === "up" ? signUp : signIn;
  const { ok, code } = await enter(credentials).catch(() => ({ ok: false }));
  if (ok) location.assign(wanted());
  else find("notice").textContent = words[code] ?? words.trouble;
});
