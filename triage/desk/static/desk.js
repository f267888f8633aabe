// Keeps an open page up to date, keeps what is being typed, and gives the keyboard its shortcuts.
// Everything also works without this file.
"use strict";

const body = document.body;
const live = document.getElementById("live");
const byId = (id) => document.getElementById(id);

// The answer to a refused form has the form's address, which cannot be fetched: put the page's own there.
const address = body.dataset.address;
if (address && !address.startsWith(location.pathname + "?")) history.replaceState(null, "", address);

// ---- What is being typed -------------------------------------------------------------------------

const fields = "textarea, select, input:not([type=hidden])";

function touched(element) {
  return [...element.querySelectorAll(fields)].some((field) =>
    field.tagName === "SELECT"
      ? [...field.options].some((option) => option.selected !== option.defaultSelected && option.index > 0)
      : field.value !== field.defaultValue,
  );
}

function inUse(element) {
  const active = document.activeElement;
  return (element.contains(active) && active.matches(fields)) || touched(element);
}

// The service comes back to #done when it took a form: only then is its draft forgotten.
const done = location.hash === "#done";
if (done) history.replaceState(null, "", location.pathname + location.search);

for (const form of document.querySelectorAll("form[data-draft]")) {
  const name = "draft:" + form.dataset.draft;
  const area = form.querySelector("textarea");
  if (done && sessionStorage.getItem("sent") === name) sessionStorage.removeItem(name);
  const kept = sessionStorage.getItem(name);
  if (kept && !area.value) {
    area.value = kept;
    area.closest("details")?.setAttribute("open", "");
  }
  area.addEventListener("input", () => sessionStorage.setItem(name, area.value));
  form.addEventListener("submit", () => sessionStorage.setItem("sent", name));
}

document.querySelector("[data-logout]")?.addEventListener("click", () => sessionStorage.clear());

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method === "dialog") return;
  const button = event.submitter;
  if (button) setTimeout(() => { button.disabled = true; }, 0);
});
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

// ---- Fetching the page anew and swapping in what changed ---------------------------------------------

let fetching = false;
let again = false;

async function refresh() {
  if (fetching) { again = true; return; }
  fetching = true;
  try {
    const answer = await fetch(location.pathname + location.search, { headers: { "X-Desk-Refresh": "1" } });
    if (answer.redirected) { ended(); return; }
    if (answer.ok) swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // The stream says so when the connection is lost.
  } finally {
    fetching = false;
    if (again) { again = false; refresh(); }
  }
}

function swap(page) {
  for (const fresh of page.querySelectorAll("[data-live]")) {
    const old = byId(fresh.id);
    if (!old || old.isEqualNode(fresh) || inUse(old)) continue;
    if (old.id === "log") { swapLog(old, fresh); continue; }
    for (const open of old.querySelectorAll("details[open]")) {
      if (open.id) fresh.querySelector("#" + CSS.escape(open.id))?.setAttribute("open", "");
    }
    const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const top = old.parentElement.scrollTop;
    old.replaceWith(fresh);
    fresh.parentElement.scrollTop = top;
    if (focused) fresh.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
  }
  if (page.title && page.title !== document.title) announce(page.title);
}

function swapLog(old, fresh) {
  const atEnd = old.scrollHeight - old.scrollTop - old.clientHeight < 80;
  const hadMerchant = old.querySelectorAll(".merchant").length;
  const top = old.scrollTop;
  old.replaceWith(fresh);
  fresh.scrollTop = atEnd ? fresh.scrollHeight : top;
  if (fresh.querySelectorAll(".merchant").length > hadMerchant) merchantWrote(fresh.dataset.newest);
  else seen(fresh.dataset.newest);
}

// What the agent has seen moves on only when he goes on typing with the new message before his eyes.
const reply = document.querySelector("form[data-draft$='-reply']");

function seen(newest) {
  if (reply) reply.elements.seen.value = newest;
}

function merchantWrote(newest) {
  say(body.dataset.liveMessage);
  if (!reply || !reply.elements.text.value) { seen(newest); return; }
  byId("newer").hidden = false;
  reply.elements.text.addEventListener("input", () => { seen(newest); byId("newer").hidden = true; }, { once: true });
}

function announce(title) {
  const waiting = (text) => Number(/^\((\d+)\)/.exec(text)?.[1] ?? 0);
  if (waiting(title) > waiting(document.title)) say(body.dataset.liveNew);
  document.title = title;
}

let hush = 0;
function say(text) {
  live.textContent = text;
  live.hidden = false;
  clearTimeout(hush);
  hush = setTimeout(() => { live.hidden = true; }, 6000);
}

function ended() {
  byId("ended").hidden = false;
  live.hidden = true;
}

// ---- The stream: one tab holds it and tells the others ------------------------------------------------

const tabs = new BroadcastChannel("desk");
tabs.onmessage = (event) => (event.data === "ended" ? ended() : refresh());

function listen() {
  const stream = new EventSource("/desk/stream");
  const tell = (what) => { tabs.postMessage(what); what === "ended" ? ended() : refresh(); };
  stream.addEventListener("ready", () => { if (live.dataset.lost) { live.hidden = true; delete live.dataset.lost; } tell("changed"); });
  stream.addEventListener("changed", () => tell("changed"));
  stream.addEventListener("ended", () => { stream.close(); tell("ended"); });
  stream.addEventListener("error", () => {
    if (!byId("ended").hidden) { stream.close(); return; }
    if (stream.readyState === EventSource.CLOSED) { refresh(); setTimeout(listen, 5000); }
    say(body.dataset.liveOffline);
    clearTimeout(hush);
    live.dataset.lost = "yes";
  });
}

if (navigator.locks) navigator.locks.request("desk-stream", () => { listen(); return new Promise(() => {}); });
else listen();
setInterval(refresh, 60000);

// ---- The keyboard ---------------------------------------------------------------------------------------

function move(step) {
  const links = [...document.querySelectorAll("[data-row] a")];
  if (!links.length) return;
  const current = links.findIndex((link) => link === document.activeElement);
  const start = current >= 0 ? current : links.findIndex((link) => link.getAttribute("aria-current"));
  const next = links[Math.min(Math.max(start + step, 0), links.length - 1)];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function press(key) {
  const target = document.querySelector(`[data-key="${key}"]`);
  if (!target) return false;
  if (target.tagName === "SUMMARY") {
    target.parentElement.open = true;
    target.parentElement.querySelector(fields)?.focus();
  } else if (target.tagName === "TEXTAREA") target.focus();
  else target.click();
  return true;
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches(fields);
  if (typing && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    event.target.form?.requestSubmit(event.target.form.querySelector("button"));
    return;
  }
  if (typing && event.key === "Escape") { event.target.blur(); return; }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  if (key === "j") move(1);
  else if (key === "k") move(-1);
  else if (key === "l") (document.querySelector("[data-back]") ?? document.querySelector(".brand")).click();
  else if (key === "?") byId("help").showModal();
  else if (!"crnd".includes(key) || !press(key)) return;
  event.preventDefault();
});

const help = document.querySelector("[data-help]");
if (help) {
  help.hidden = false;
  help.addEventListener("click", () => byId("help").showModal());
}

document.querySelector(".side [aria-current]")?.scrollIntoView({ block: "nearest" });
const log = byId("log");
if (log) log.scrollTop = log.scrollHeight;
