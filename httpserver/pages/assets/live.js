// Brings the changing part of the page up to date while somebody looks at it.
"use strict";
const part = document.getElementById("live");
let shown = part.innerHTML;
async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch(part.dataset.source, { cache: "no-store" });
      const text = await answer.text();
      if (answer.ok && text !== shown) part.innerHTML = shown = text;
    } catch { /* the next beat tries again */ }
  }
  setTimeout(refresh, 2000);
}
setTimeout(refresh, 2000);
