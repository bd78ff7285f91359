// Who is signed in, for as long as the tab is open, and how the API is asked as them.

const KEY = "session";
let refreshing = null;

export const session = () => JSON.parse(sessionStorage.getItem(KEY) ?? "null");

const keep = (told) => sessionStorage.setItem(KEY, JSON.stringify(told));

export function forget() {
  sessionStorage.removeItem(KEY);
}

async function auth(path, body) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`/auth/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  const told = await answer.json();
  if (answer.ok) keep(told);
  return { ok: answer.ok, code: told.error_code };
}

export const signIn = (credentials) => auth("token?grant_type=password", credentials);

export const signUp = (credentials) => auth("signup", credentials);

// However many calls find the token expired, it is used once: a second use would end the session.
export function refresh() {
  refreshing ??= auth("token?grant_type=refresh_token", { refresh_token: session().refresh_token })
    .then(({ ok }) => {
      if (!ok) forget();
      return ok;
    })
    .finally(() => {
      refreshing = null;
    });
  return refreshing;
}

export async function signOut() {
  await call("POST", "/auth/v1/logout");
  forget();
}

export function leadToSignIn() {
  location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
}

// The answer as { status, body, again }, `again` being seconds; whoever is not signed in is led to signing in.
export async function call(method, path, body) {
  let answer = await once(method, path, body);
  if (answer.status === 401 && session() && (await refresh())) answer = await once(method, path, body);
  if (answer.status === 401 || answer.body?.code === "not_signed_in") {
    forget();
    leadToSignIn();
  }
  return answer;
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
