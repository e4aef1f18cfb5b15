// Swagger UI draws its list of servers without a label, and draws it again.
"use strict";
new MutationObserver(() => {
  document.getElementById("servers")?.setAttribute("aria-label", "Server");
}).observe(document.documentElement, { childList: true, subtree: true });
