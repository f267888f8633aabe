// The merchant's chat page. A module, hence strict. What the server says is put in as text, never as HTML.

const [{ drawStrip }, { drawFiles }, { LARGEST_PHOTO, get, newId, sendPhoto, sendWords }] = await Promise.all(
  ["strip", "files", "calls"].map((id) => import(document.getElementById(id).href)));
const words = JSON.parse(document.body.dataset.texts);
const language = document.body.dataset.language;
const at = (id) => document.getElementById(id);
const [log, input, typing, examples, jump, more] =
  ["log", "input", "typing", "examples", "jump", "known-more"].map(at);
const locale = language === "en" ? "en-GB" : "zh-CN";

/** Messages as shown: those of the server, with their `order`, `box` (element) and, while unsent, `state`. */
const talk = [];
/** Own messages that the server has not confirmed, in the order in which they were written. */
const queue = [];
/** What the stream brought while a message was on its way: shown after the answer to that message. */
const held = [];
const page = { ready: false, delivering: false, inFlight: false, silent: false, atEnd: true, seen: 0, unread: 0 };
let stream = null;
let wake = () => {};

const fill = (text, names) => text.replace(/\{(\w+)\}/g, (_, name) => names[name]);
const copyOf = (form) => at(form).content.firstElementChild.cloneNode(true);
const highest = (messages) => Math.max(0, ...messages.map((message) => message.id ?? 0));
const waitAfter = (failures) => Math.min(2 ** (failures - 1), 15);

/** Read or, given a value, write the browser's storage; where that is forbidden, nothing is remembered. */
function storage(store, key, value) {
  try {
    if (value === undefined) return window[store].getItem(`daozhang.${key}`);
    window[store].setItem(`daozhang.${key}`, value);
  } catch { /* the page works without it */ }
  return null;
}

/** Keep unsent words over a reload; sent again, the same client_id is still one message. */
const saveQueue = () => storage("sessionStorage", "unsent",
  JSON.stringify(queue.filter(({ file }) => !file), ["client_id", "choice", "text", "at"]));
/** The language that he chose here; undefined = he never did. */
const chosen = () => storage("localStorage", "language") || undefined;

/** Run an action on click, once: the second click of a double click is dropped. */
function onTap(control, action) {
  let last = -Infinity;
  control.addEventListener("click", (event) => {
    if (event.timeStamp - last > 600) action(event);
    last = event.timeStamp;
  });
}

const pause = (seconds) => new Promise((resolve) => {
  wake = resolve;
  setTimeout(resolve, seconds * 1000);
});

const format = (name, parts) => new Intl.DateTimeFormat(name, { timeZone: "Asia/Shanghai", ...parts });
const hours = format(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const days = format(locale, { month: language === "en" ? "short" : "long", day: "numeric", weekday: "short" });
const dates = format("en-CA", {});

function dayWords(moment) {
  const [day, today, yesterday] = [moment, Date.now(), Date.now() - 86400000].map((each) => dates.format(each));
  return { [yesterday]: words.yesterday, [today]: words.today }[day] ?? days.format(moment);
}

/** Put a message where it belongs: in the server's order, unsent ones last. */
function place(message) {
  const box = copyOf("entry-form");
  message.box = box;
  box.querySelector(".row").classList.add(message.from);
  box.querySelector(".label").textContent = words[`from_${message.from}`];
  const picture = box.querySelector(".picture");
  if (message.strip) picture.append(drawStrip(message.strip));
  picture.append(...drawFiles(message.files ?? [], words, () => page.atEnd && toEnd()));
  onTap(box.querySelector(".retry"), () => tryAgain(message));
  show(message);
  const before = talk.filter((other) => other.order <= message.order).length;
  log.insertBefore(box, talk[before]?.box ?? typing);
  talk.splice(before, 0, message);
}

/** Give the parts of a text; DZ-000123 and 11:00-14:00 are not broken at the hyphen. */
const wordsOf = (text) => text.split(/(DZ-\d+|\d\d:\d\d-\d\d:\d\d)/).map((part, index) => (index % 2
  ? Object.assign(document.createElement("span"), { className: "whole", textContent: part }) : part));

function show({ box, text, at: moment, state, problem, sent }) {
  const time = box.querySelector("time");
  box.dataset.state = state ?? "sent";
  box.querySelector(".words").replaceChildren(...wordsOf(text));
  box.querySelector(".pending").textContent = sent ? `${words.sending} ${sent}%` : words.sending;
  box.querySelector(".retry").textContent = problem ? `${problem} ${words.retry}` : words.retry;
  time.textContent = hours.format(new Date(moment));
  time.dateTime = moment;
}

/** Take in a message of the server: a known one is brought up to date, a new one is shown. */
function receive(message) {
  const { id, client_id, text, at: moment } = message;
  const known = talk.find((other) => other.id === id || (client_id && other.client_id === client_id));
  if (known) return settle(known, { id, order: id, text, at: moment, state: undefined });
  place({ ...message, order: id });
  jump.hidden &&= page.atEnd;
  if (document.hidden && page.ready && message.from !== "merchant") page.unread += 1;
}

/** Bring up to date what depends on several messages: days, groups, quick replies, the place in the log. */
function refresh() {
  let before = null;
  for (const message of talk) {
    const day = dayWords(new Date(message.at));
    const title = message.box.querySelector(".day");
    title.hidden = before?.day === day;
    title.textContent = day;
    message.day = day;
    message.box.classList.toggle("follows", title.hidden && before.from === message.from);
    before = message;
  }
  examples.hidden = !page.ready || talk.length > 0;
  input.placeholder = talk.length > 0 ? words.input : words.placeholder;
  showChoices();
  document.title = page.unread ? `(${page.unread}) ${words.title}` : words.title;
  if (page.atEnd) toEnd();
}

function toEnd() {
  page.atEnd = true;
  jump.hidden = true;
  log.scrollTop = log.scrollHeight;
}

/** Show quick replies under the last question, unless the merchant has written since. */
function showChoices() {
  const last = [...talk].reverse().find((message) => message.from === "merchant" || message.ask?.options.length);
  const asked = last?.ask?.options.length ? last : null;
  const shown = log.querySelector(".answers");
  if (shown && shown.parentNode === asked?.box) return;
  shown?.remove();
  if (!asked) return;
  const group = copyOf("answers-form");
  for (const { id, label, value } of asked.ask.options) {
    const chip = copyOf("chip-form");
    chip.textContent = label;
    chip.classList.toggle("quiet", value === "unknown" || value === "correct");
    onTapWrite(chip, label, id);
    group.append(chip);
  }
  asked.box.append(group);
}

function showState({ understood = [], status = {} }) {
  page.silent = Boolean(status.silent);
  at("subtitle").textContent = page.silent ? words.subtitle_silent : words.subtitle;
  showTicket(status.ticket);
  at("known").hidden = understood.length === 0;
  at("known-list").replaceChildren(...understood.map(tagOf));
  fitKnown();
}

/** Offer to show all tags when they do not fit into one line. */
function fitKnown() {
  const list = at("known-list");
  more.hidden = true;
  more.hidden = list.scrollWidth <= list.clientWidth && list.scrollHeight < 50;
}

function showTicket(ticket) {
  at("ticket").hidden = !ticket || ticket.status === "resolved";
  if (!ticket) return;
  const { number, status, due } = ticket;
  at("ticket-number").textContent = fill(words.ticket, { number });
  at("ticket-status").textContent = words[`ticket_${status}`] ?? status;
  at("ticket-due").textContent = status === "new" && due ? fill(words.ticket_due, { due }) : "";
}

function tagOf(fact) {
  const item = copyOf("tag-form");
  const tag = item.firstElementChild;
  // A colleague who is on the case reads corrections as messages; there is nobody to ask for the right value.
  tag.disabled = page.silent;
  tag.title = page.silent ? "" : fill(words.known_hint, fact);
  tag.querySelector(".tag-title").textContent = fact.title;
  tag.querySelector(".tag-value").textContent = fact.value;
  onTapWrite(tag, fill(words.known_correct, fact), `correct:${fact.fact}`);
  return item;
}

/** Show an own message at once and send it: a text, or a choice or a picture shown as that text. */
function write(text, choice, file) {
  enqueue({ text, choice, file, client_id: newId(), at: new Date().toISOString() });
  toEnd();
  refresh();
  deliver();
}

/** Let a control write. After a key press the focus goes on to the input, as the control may vanish. */
function onTapWrite(control, text, choice) {
  onTap(control, (event) => {
    write(text, choice);
    if (event.detail === 0) input.focus();
  });
}

function enqueue(message) {
  const entry = { ...message, from: "merchant", order: Infinity, state: "sending", tries: 0, problem: "" };
  queue.push(entry);
  place(entry);
  saveQueue();
}

/** Take a message out of the queue and show how it ended. */
function settle(message, ending) {
  if (queue.includes(message)) queue.splice(queue.indexOf(message), 1);
  saveQueue();
  show(Object.assign(message, ending));
}

function tryAgain(message) {
  if (!queue.includes(message)) {
    talk.splice(talk.indexOf(message), 1);
    message.box.remove();
    enqueue(message);
  }
  refresh();
  wake();
  deliver();
}

async function deliver() {
  if (page.delivering || !page.ready) return;
  page.delivering = true;
  while (queue.length) await pause(await attempt(queue[0]));
  page.delivering = false;
}

/** Try to send one. Gives the seconds to wait before the next try; 0 when this one is settled. */
async function attempt(message) {
  page.inFlight = true;
  const dots = setTimeout(() => { typing.hidden = page.silent; refresh(); }, 250);
  try {
    const showSent = (sent) => show(Object.assign(message, { sent }));
    const { status, answer } = await (message.file
      ? sendPhoto(message, language, showSent) : sendWords(message, chosen()));
    const isTaken = status >= 200 && status < 300;
    if (status >= 500 || status === 408 || status === 429 || (isTaken && !answer)) throw new Error("again");
    if (isTaken) confirm(message, answer);
    else settle(message, { order: highest(talk) + 0.5, state: "failed", problem: answer?.error ?? words.refused });
    return 0;
  } catch {
    message.tries += 1;
    show(Object.assign(message, { state: message.tries < 3 || !navigator.onLine ? "sending" : "failed" }));
    return waitAfter(message.tries);
  } finally {
    page.inFlight = false;
    clearTimeout(dots);
    typing.hidden = true;
    held.splice(0).forEach(receive);
    refresh();
  }
}

function confirm(message, answer) {
  // Until the server names its number, it stands behind everything known before the answer.
  const order = message.id ?? highest(talk) + 0.5;
  settle(message, { order, state: undefined, text: answer.heard || message.text });
  answer.messages.forEach(receive);
  showState(answer);
}

function showTrouble(trouble = navigator.onLine ? words.reconnecting : words.offline) {
  at("notice").textContent = trouble;
  at("notice").hidden = !trouble;
}

/** An answer came; one that was already on its way brings no net back. */
function endTrouble() {
  showTrouble(navigator.onLine ? "" : words.offline);
}

/** Load the talk, then carry on with what was not sent before a reload, and listen for more. */
async function load() {
  JSON.parse(storage("sessionStorage", "unsent") || "[]").forEach(enqueue);
  let history = null;
  for (let tries = 1; !history; tries += 1) {
    history = await get("messages").catch(() => showTrouble());
    if (!history) await pause(waitAfter(tries));
  }
  history.messages.forEach(receive);
  Object.assign(page, { ready: true, seen: highest(history.messages) });
  showState(history);
  refresh();
  endTrouble();
  log.setAttribute("aria-busy", "false");
  listen();
  deliver();
}

/** Open the stream after the last message that history or stream brought; a repeat is known by its id. */
function listen() {
  stream?.close();
  const opened = new EventSource(`/chat/api/stream?after=${page.seen}`);
  stream = opened;
  opened.addEventListener("open", endTrouble);
  opened.addEventListener("message", (event) => {
    held.push(JSON.parse(event.data));
    page.seen = Math.max(page.seen, highest(held));
    if (!page.inFlight) held.splice(0).forEach(receive);
    refresh();
  });
  opened.addEventListener("state", (event) => showState(JSON.parse(event.data)));
  opened.addEventListener("error", () => setTimeout(checkStream, 6000, opened));
}

/** Some seconds after a break: say so if it lasts, and open anew what the browser has given up. */
function checkStream(opened) {
  if (opened !== stream || opened.readyState === EventSource.OPEN) return;
  showTrouble();
  if (opened.readyState === EventSource.CLOSED) listen();
}

/** Back in sight or in the net: go on at once. */
function comeBack() {
  if (document.hidden) return;
  page.unread = 0;
  wake();
  refresh();
  if (page.ready) listen();
}

function sendInput(event) {
  event.preventDefault();
  const text = input.value.trim();
  if (!text) return;
  input.value = "";
  fitInput();
  write(text);
}

function sendPicture({ target }) {
  const [file] = target.files;
  // The same picture may be chosen again.
  target.value = "";
  if (file?.size > LARGEST_PHOTO) showTrouble(words.photo_large);
  else if (file) write(words.photo, undefined, file);
}

function pressKey(event) {
  // 229: Safari ends the composition before the Enter that chose a word.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) sendInput(event);
}

function fitInput() {
  storage("sessionStorage", "draft", input.value);
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight}px`;
  at("send").disabled = !input.value.trim();
}

async function openLink() {
  at("link").showModal();
  const { link } = await get("link").catch(() => ({ link: "" }));
  at("link-text").value = link;
  at("link-note").textContent = link ? "" : words.link_failed;
}

function copyLink() {
  at("link-text").select();
  // The old command: navigator.clipboard is missing on plain http in a local network.
  document.execCommand("copy");
  at("link-note").textContent = words.link_copied;
}

if (chosen() && chosen() !== language && !location.search) location.replace(`/?lang=${chosen()}`);
at("composer").addEventListener("submit", sendInput);
// Keeps the phone's keyboard open.
at("send").addEventListener("pointerdown", (event) => event.preventDefault());
input.addEventListener("input", fitInput);
input.addEventListener("keydown", pressKey);
log.addEventListener("scroll", () => {
  page.atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  jump.hidden ||= page.atEnd;
});
new ResizeObserver(() => { fitKnown(); if (page.atEnd) toEnd(); }).observe(log);
for (const chip of examples.querySelectorAll(".chip")) onTapWrite(chip, chip.textContent);
onTapWrite(at("human"), words.human_words);
onTap(at("attach"), () => at("photo").click());
at("photo").addEventListener("change", sendPicture);
onTap(jump, toEnd);
onTap(more, () => more.setAttribute("aria-expanded", more.getAttribute("aria-expanded") === "false"));
onTap(at("language"), () => storage("localStorage", "language", language === "en" ? "zh" : "en"));
onTap(at("link-open"), openLink);
onTap(at("link-copy"), copyLink);
onTap(at("link-close"), () => at("link").close());
window.addEventListener("online", comeBack);
window.addEventListener("offline", () => showTrouble());
document.addEventListener("visibilitychange", comeBack);
input.value = storage("sessionStorage", "draft") || "";
fitInput();
if (matchMedia("(pointer: fine)").matches) input.focus();
load();
