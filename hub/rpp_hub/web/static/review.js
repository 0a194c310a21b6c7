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
  window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
  count();
}
