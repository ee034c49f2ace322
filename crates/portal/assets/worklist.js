// Keys for the worklist, only while the focus is in its table (WCAG 2.1.4): j and k go down and up, x ticks the row.
// Enter opens the row by itself, as the focus is on its link. Without this script everything works by Tab and Space.
(() => {
  const table = document.getElementById("worklist");
  if (!table) return;
  const links = [...table.querySelectorAll("a[data-row]")];
  const row = (element) => links.findIndex((link) => link.closest("tr") === element.closest("tr"));
  table.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const at = row(event.target);
    if (event.key === "j" || event.key === "k") {
      const next = links[Math.min(Math.max(at + (event.key === "j" ? 1 : -1), 0), links.length - 1)];
      if (next) next.focus();
    } else if (event.key === "x" && at >= 0) {
      const box = links[at].closest("tr").querySelector("input[type=checkbox]");
      if (box) box.checked = !box.checked;
    } else {
      return;
    }
    event.preventDefault();
  });
})();
