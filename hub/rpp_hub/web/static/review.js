// Counts verdicts as they are given and warns before unsaved ones are left. The page works without it.
"use strict";
const form = document.getElementById("review");
if (form) {
  const items = [...form.querySelectorAll("article.item")];
  const bar = form.querySelector("progress");
  const output = document.getElementById("decided");
  const next = document.getElementById("next");
  const isOpen = (item) => !item.querySelector(".verdict input:checked");
  let unsaved = false;

  const count = () => {
    const open = items.filter(isOpen);
    const decided = items.length - open.length;
    bar.value = decided;
    output.textContent = `${decided} of ${items.length} decided${unsaved ? ", not saved yet" : ""}`;
    items.forEach((item) => item.classList.toggle("decided", !isOpen(item)));
    next.hidden = open.length === 0;
    if (open.length > 0) next.hash = open[0].id;
  };

  form.addEventListener("input", () => { unsaved = true; count(); });
  form.addEventListener("submit", () => { unsaved = false; });
  next.addEventListener("click", (event) => {
    // following the link would take the focus away again
    event.preventDefault();
    const item = document.getElementById(next.hash.slice(1));
    item.scrollIntoView();
    item.querySelector(".verdict input").focus({ preventScroll: true });
  });
  // only while the focus is in an item and not in a text: a letter typed elsewhere does nothing
  const go = (item) => {
    if (!item) return;
    item.scrollIntoView();
    (item.querySelector(".verdict input:checked") || item.querySelector(".verdict input")).focus({ preventScroll: true });
  };
  form.addEventListener("keydown", (event) => {
    const item = event.target.closest("article.item");
    if (!item || event.target.matches("textarea") || event.ctrlKey || event.altKey || event.metaKey) return;
    const verdict = { a: "approve", r: "refuse" }[event.key];
    if (verdict) {
      const choice = item.querySelector(`.verdict input[value="${verdict}"]`);
      choice.checked = true;
      choice.dispatchEvent(new Event("input", { bubbles: true }));
      (verdict === "refuse" ? item.querySelector("textarea") : choice).focus();
      event.preventDefault();
    } else if (event.key === "n" || event.key === "p") {
      go(items[items.indexOf(item) + (event.key === "n" ? 1 : -1)]);
      event.preventDefault();
    }
  });
  window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
  count();
}
