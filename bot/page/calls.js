// The page's calls to the server.

/** Pictures are taken up to this size; said before a phone sends more in vain. */
export const LARGEST_PHOTO = 10 * 1024 * 1024;

const PHOTO_SECONDS = 180;
const headers = { "X-Daozhang-Page": "chat" };

const call = (path, options) => fetch(`/chat/api/${path}`, {
  headers: { ...headers, "Content-Type": "application/json" }, signal: AbortSignal.timeout?.(20000), ...options,
});

export async function get(path) {
  const response = await call(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

/** Send a text or a choice. Gives { status, answer }; throws when the line breaks. */
export async function sendWords({ client_id, choice, text }, language) {
  const content = { conversation: null, client_id, ...(choice ? { choice } : { text }), language };
  const response = await call("messages", { method: "POST", body: JSON.stringify(content) });
  return { status: response.status, answer: await response.json().catch(() => null) };
}

/** Send a picture, telling how much of it has gone, in percent. Gives { status, answer }; throws likewise. */
export function sendPhoto({ client_id, file }, language, onProgress) {
  const form = new FormData();
  Object.entries({ client_id, language }).forEach(([name, value]) => form.append(name, value));
  form.append("file", file, "photo");
  return new Promise((resolve, reject) => {
    // fetch() does not tell how far it is.
    const request = Object.assign(new XMLHttpRequest(), { responseType: "json", timeout: PHOTO_SECONDS * 1000 });
    request.upload.onprogress = ({ loaded, total }) => onProgress(Math.floor((loaded / total) * 100));
    request.onload = () => resolve({ status: request.status, answer: request.response });
    request.onerror = request.ontimeout = () => reject(new Error("broken"));
    request.open("POST", "/chat/api/photos");
    Object.entries(headers).forEach(([name, value]) => request.setRequestHeader(name, value));
    request.send(form);
  });
}

/** A random UUID (version 4); crypto.randomUUID is missing on plain http in a local network. */
export function newId() {
  const random = () => crypto.getRandomValues(new Uint8Array(1))[0];
  return "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
    (digit ^ (random() & (15 >> (digit / 4)))).toString(16));
}
