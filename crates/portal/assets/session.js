// Says some minutes before the session ends, and keeps it at one press of a key. Everything works without this file:
// a form that is sent too late is kept by the server.
(() => {
  "use strict";
  const dialog = document.getElementById("ending");
  const words = document.getElementById("ending-words");
  const WARNING = 180; // seconds; people need two minutes at least
  let ends;

  const expect = (seconds) => {
    ends = Date.now() + seconds * 1000;
    setTimeout(tick, Math.max(0, seconds - WARNING) * 1000);
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
    setTimeout(tick, Math.min(30, left) * 1000);
  };

  // The button, Enter, the space bar and Escape all close it: whoever is there stays signed in.
  dialog.addEventListener("close", async () => {
    if (Date.now() >= ends) return;
    const answer = await fetch("/session", { redirect: "manual" });
    if (answer.ok) expect(Number(await answer.text()));
  });

  expect(Number(dialog.dataset.seconds));
})();
