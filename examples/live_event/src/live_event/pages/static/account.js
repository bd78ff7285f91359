// Who is signed in, at the top of each page.

import { event, find, make, words } from "./page.js";
import { session, signOut } from "./session.js";

const place = find("account");
const who = session()?.user;
if (who) {
  const leave = make("button", { type: "button", class: "second", text: words.sign_out });
  leave.addEventListener("click", async () => {
    await signOut();
    location.assign("/");
  });
  if (event && who.role === "admin") {
    place.append(make("a", { href: `/events/${encodeURIComponent(event)}/admin`, text: words.admin }));
  }
  place.append(make("span", { text: who.email }), leave);
} else {
  place.append(make("a", { href: "/sign-in", text: words.sign_in }));
}
