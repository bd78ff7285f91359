// What is new, as it happens. After every connection, what was missed is read.

import { leadToSignIn, refresh, session } from "./session.js";

const UNAUTHORIZED = 4401;
const HOPELESS = [4403, 4404];

// `hear(frame)` gets every change, `ready()` is called when from now on none is missed, `lost()` when some may be.
// Returns a function that ends it.
export function follow(event, { ready, hear, lost }) {
  let socket = null;
  let again = 1;
  let over = false;

  const open = () => {
    if (over) return;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/api/events/${encodeURIComponent(event)}/socket`);
    socket.addEventListener("open", () => socket.send(JSON.stringify({ access_token: session()?.access_token })));
    socket.addEventListener("message", ({ data }) => {
      const frame = JSON.parse(data);
      if (frame.kind !== "ready") return hear(frame);
      again = 1;
      ready();
    });
    socket.addEventListener("close", ({ code }) => closed(code));
  };

  const closed = async (code) => {
    if (over) return;
    lost();
    if (HOPELESS.includes(code)) return;
    if (code === UNAUTHORIZED) {
      await refresh().catch(() => false);
      if (!session()) return leadToSignIn();
    }
    // Not everybody at the same moment when a server is replaced.
    setTimeout(open, again * (500 + 500 * Math.random()));
    again = Math.min(30, again * 2);
  };

  open();
  return () => {
    over = true;
    socket?.close();
  };
}
