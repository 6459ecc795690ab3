// Runs when an element loads: clicks and keys on what it marks with data-act become events of it.
const act = (event) => {
  const target = event.target.closest("[data-act]");
  if (!target || !element.contains(target)) return;
  event.preventDefault();
  trigger("click", { act: target.dataset.act, passage: Number(target.dataset.passage) });
};
element.addEventListener("click", (event) => { event.stopPropagation(); act(event); });
element.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("span[data-act]")) act(event);
});
