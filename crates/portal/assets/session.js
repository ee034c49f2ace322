// Says some minutes before the session ends, and keeps it at one press of a key. Everything works without this file:
// a form that is sent too late is kept by the server.
(() => {
  "use strict";
  const dialog = document.getElementById("ending");
  const words = document.getElementById("ending-words");
  const WARNING = 180; // seconds; people need two minutes at least
  let ends;
  let next; // what is waited for: one thing at a time, or a session that was kept is warned of again at once

  const wait = (seconds) => {
    clearTimeout(next);
    next = setTimeout(tick, seconds * 1000);
  };

  const expect = (seconds) => {
    ends = Date.now() + seconds * 1000;
    wait(Math.max(0, seconds - WARNING));
  };

  const tick = () => {
    const left = Math.ceil((ends - Date.now()) / 1000);
    if (left <= 0) {
      words.textContent =
        "You have been signed out. What you have typed is still here: send it, sign in again, and it goes on.";
      return;
    }
    const minutes = Math.ceil(left / 60);
    words.textContent = `You will be signed out in ${minutes === 1 ? "one minute" : `${minutes} minutes`}.`;
    if (!dialog.open) dialog.showModal();
    wait(Math.min(30, left));
  };

  // The button, Enter, the space bar and Escape all close it: whoever is there stays signed in.
  dialog.addEventListener("close", async () => {
    if (Date.now() >= ends) return;
    clearTimeout(next);
    const answer = await fetch("/session", { redirect: "manual" }).catch(() => null);
    if (answer && answer.ok) expect(Number(await answer.text()));
    else wait(30); // no line: it is asked again
  });

  expect(Number(dialog.dataset.seconds));
})();
