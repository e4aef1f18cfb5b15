// Loads a page again when something happened to what it shows, and puts the new
// parts in place of the old ones, except for what the owner is writing in.
"use strict";
const main = document.getElementById("main");
const busy = (part) => part.contains(document.activeElement) && document.activeElement !== document.body
  || [...part.querySelectorAll("input:not([type=hidden]), textarea")].some((field) =>
    ["radio", "checkbox"].includes(field.type) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue)
  || [...part.querySelectorAll("option")].some((option) => option.selected !== option.defaultSelected)
  || [...part.querySelectorAll("details")].some((part) => part.open)
  || !getSelection().isCollapsed && part.contains(getSelection().anchorNode);
const text = (part) => part.innerHTML.replace(/name="once" value="[^"]*"/g, "").replace(/<p class="as-of.*?<\/p>/, "");
const load = async () => {
  const answer = await fetch(main.dataset.page || location.href);
  if (answer.redirected) return false;
  if (!answer.ok) return true;
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  const parts = [...document.querySelectorAll("[data-part]")], fresh = [...next.querySelectorAll("[data-part]")];
  // What was done last is said until the state is another one.
  const state = (page) => page.querySelector(".title .status")?.textContent;
  if (state(document) !== state(next)) main.querySelector(".notice[role=status]")?.remove();
  for (const part of parts) {
    const other = fresh.find((f) => f.dataset.part === part.dataset.part);
    if (!other || busy(part)) continue;
    const asOf = part.querySelector(".as-of");
    if (text(part) !== text(other)) part.replaceWith(document.adoptNode(other));
    else if (asOf) asOf.textContent = other.querySelector(".as-of").textContent;
  }
  return fresh.length > 0;
};
// The desk has no stream: its pages ask while they are looked at, until the session has ended.
const ask = async () => {
  if (document.hidden || await load().catch(() => true)) setTimeout(ask, 10000);
  else for (const asOf of document.querySelectorAll(".as-of")) asOf.textContent += ": your session has ended, log in again";
};
let rest = 1000, timer = 0;
// What everybody follows changes often, and each of them asks for the page.
const pause = main.dataset.source.includes("/stream") ? 3000 : 200;
const follow = () => {
  const source = new EventSource(main.dataset.source);
  source.onopen = () => {
    rest = 1000;
    load(); // what happened before it was open
  };
  source.onmessage = (event) => {
    if (main.dataset.task !== "*" && event.data && event.data !== main.dataset.task) return;
    timer ||= setTimeout(() => { timer = 0; load(); }, pause);
  };
  source.onerror = () => {
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(follow, rest);
    rest = Math.min(2 * rest, 60000);
  };
};
if (main.dataset.source) follow();
else setTimeout(ask, 10000);
