// The pages work without this file. It adds: focus from the start, single-key answers, steps from person to person, one sending of each form, a running timer.
"use strict";
(() => {
  // Not `autofocus`, which browsers heed only at their first drawing: on a slow machine the first letters typed were lost.
  const heading = document.querySelector("[data-focus]");
  if (heading && !location.hash) {
    heading.focus({ preventScroll: true });
    // On a telephone the results of a search stand far below.
    if (heading.getBoundingClientRect().top > innerHeight * 0.6) heading.scrollIntoView();
  }

  // A page just turned must not take the key meant for the page before.
  const loaded = performance.now();
  const settled = () => performance.now() - loaded > 250;

  let sent = false;
  document.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  // Back from the browser's own cache: the page lives again, but the answer may be given already, so it is fetched anew.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape" && heading) heading.focus({ preventScroll: true });
      return;
    }
    if (document.body.dataset.keys === "off" || !settled() || sent) return;
    const key = event.key.toLowerCase();
    const box = document.querySelector(`[data-focus-key="${CSS.escape(key)}"]`);
    if (box) {
      event.preventDefault();
      const folded = box.closest("details");
      if (folded) folded.open = true;
      box.focus();
      if (box.select) box.select();
      return;
    }
    const step = { j: 1, k: -1 }[key];
    const persons = [...document.querySelectorAll("[data-pick]")];
    if (step && persons.length) {
      const next = persons.indexOf(document.activeElement) + step;
      const person = persons[Math.min(Math.max(next, 0), persons.length - 1)];
      person.focus({ preventScroll: true });
      person.closest("section").scrollIntoView({ block: "nearest" });
      return;
    }
    const control = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (control) {
      event.preventDefault();
      control.click();
    }
  });

  const streak = document.querySelector("[data-streak]");
  if (streak) {
    const before = Number(streak.dataset.streak);
    setInterval(() => {
      const minutes = before + Math.floor((performance.now() - loaded) / 60000);
      streak.textContent = streak.dataset.streakText.replace("#", String(minutes));
    }, 30000);
  }
})();
