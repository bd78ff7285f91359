// Who is signed in, in all tabs of this browser, and how the API is asked as them.

const KEY = "session";
const SIGNED_OUT = ["not_signed_in", "bad_jwt"];
const SETTLE_MS = 500;
let refreshing = null;

export const session = () => JSON.parse(localStorage.getItem(KEY) ?? "null");

export function forget() {
  localStorage.removeItem(KEY);
}

async function auth(path, body) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`/auth/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  const told = await answer.json();
  if (answer.ok) localStorage.setItem(KEY, JSON.stringify(told));
  return { status: answer.status, ok: answer.ok, code: told.error_code };
}

export const signIn = (credentials) => auth("token?grant_type=password", credentials);

export const signUp = (credentials) => auth("signup", credentials);

// Take new tokens for those that have expired. However many calls and tabs find that out, it is done once: a second use
// of the same token would end the session. False: nobody is signed in any more.
export function refresh() {
  refreshing ??= alone(session()?.refresh_token).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

function alone(used) {
  // Browsers offer locks to pages from https and from this machine only.
  if (!navigator.locks) return renew(used);
  return navigator.locks.request("refresh", async () => {
    const ok = await renew(used);
    // What one tab writes reaches the storage that the others see a moment later; until then they wait.
    await new Promise((go) => setTimeout(go, SETTLE_MS));
    return ok;
  });
}

async function renew(used) {
  if (session()?.refresh_token !== used) return Boolean(session());
  if (!used) return false;
  const { ok, status } = await auth("token?grant_type=refresh_token", { refresh_token: used });
  // A service in trouble has not said that the token is good for nothing.
  if (!ok && status < 500) forget();
  return ok;
}

export async function signOut() {
  await call("POST", "/auth/v1/logout");
  forget();
}

export function leadToSignIn() {
  location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
}

// The answer as { status, body, again }, `again` being seconds; status 0: there was none. Whoever is not signed in is led
// to signing in.
export async function call(method, path, body) {
  let answer = await once(method, path, body);
  if (signedOut(answer) && session()) {
    const renewed = await refresh().catch(() => false);
    if (renewed) answer = await once(method, path, body);
  }
  if (signedOut(answer) && !session()) leadToSignIn();
  return answer;
}

function signedOut({ status, body }) {
  // The API and auth name the reason differently.
  return status === 401 || [body?.code, body?.error_code].some((one) => SIGNED_OUT.includes(one));
}

async function once(method, path, body) {
  const token = session()?.access_token;
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  if (body !== undefined) headers["content-type"] = "application/json";
  try {
    const answer = await fetch(path, { method, headers, body: JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : null, again: answer.headers.get("retry-after") };
  } catch {
    return { status: 0, body: null, again: null };
  }
}
