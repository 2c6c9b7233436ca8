// Makes pages quicker to use; every page works without it.
"use strict";

// A form that takes its time says so, and is sent once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  form.dataset.kept = "";
  if (!form.dataset.slow) return;
  const told = document.createElement("p");
  told.className = "working";
  told.setAttribute("role", "status");
  form.append(told);
  told.textContent = form.dataset.slow;
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) { delete form.dataset.sent; form.querySelector(".working")?.remove(); }
});

// What was typed and not sent is not lost by a slip.
for (const form of document.querySelectorAll("form[data-keep]")) {
  form.addEventListener("input", () => { form.dataset.kept = "yes"; });
}
window.addEventListener("beforeunload", (event) => {
  if (document.querySelector('form[data-kept="yes"]')) event.preventDefault();
});

// Errors are read out first.
document.getElementById("errors")?.focus();

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// Only reasons that go with the answer are offered; those for changing are shown when they are needed.
const code = document.getElementById("reason_code");
const change = document.getElementById("change");
const which = document.getElementById("which");
function fit() {
  const answer = document.querySelector('input[name="answer"]:checked')?.value;
  for (const option of code.options) {
    option.hidden = Boolean(answer && option.value && !option.dataset.answers.split(" ").includes(answer));
    if (option.hidden && option.selected) code.value = "";
  }
  if (answer === "changed") change.open = true;
  if (which) which.hidden = answer === "changed" || answer === "rejected";
}
// A plan is held against the rules while it is changed; only the latest answer counts.
let asked = 0;
async function check() {
  const now = ++asked;
  const typed = new URLSearchParams(new FormData(change.closest("form")));
  typed.set("action", "check");
  const answer = await fetch(location.pathname, { method: "POST", body: typed }).catch(() => null);
  if (answer === null || now !== asked) return;
  const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("checked");
  document.getElementById("checked").replaceChildren(...(found?.childNodes ?? []));
}
if (code && change) {
  change.addEventListener("change", (event) => { if (event.target.id !== "add") check(); });
  document.querySelectorAll('input[name="answer"]').forEach((one) => one.addEventListener("change", fit));
  fit();
}
