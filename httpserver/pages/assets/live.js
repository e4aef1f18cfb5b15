// Brings the changing part of the page up to date whenever the server says that
// it has changed.
"use strict";
const part = document.getElementById("live");
// A browser gives a stream up for good when something else than a stream answers,
// such as a proxy while the server starts anew: then it is opened again, ever later.
let rest = 1000;
const follow = () => {
  const source = new EventSource(part.dataset.source);
  source.onopen = () => { rest = 1000; document.getElementById("updated").hidden = false; };
  source.onmessage = show;
  source.onerror = () => {
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(follow, rest);
    rest = Math.min(2 * rest, 30000);
  };
};
const show = (event) => {
  const sent = new DOMParser().parseFromString(event.data, "text/html");
  for (const next of sent.querySelectorAll("[data-live]")) replace(part.querySelector(`[data-live="${next.dataset.live}"]`), next);
};
const replace = (old, next) => {
  const place = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  if (old.querySelector("details")?.open) next.querySelector("details").open = true;
  old.replaceWith(document.adoptNode(next));
  if (place) next.querySelector(`a[href="${CSS.escape(place)}"]`)?.focus();
};
follow();
