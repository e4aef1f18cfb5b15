// Brings the changing part of the page up to date whenever the server says that
// it has changed.
"use strict";
const part = document.getElementById("live");
new EventSource(part.dataset.source).onmessage = (event) => {
  const place = document.activeElement && part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  part.innerHTML = event.data;
  if (place) part.querySelector(`a[href="${CSS.escape(place)}"]`)?.focus();
};
