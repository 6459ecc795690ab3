// Runs when an element loads: clicks and keys on what it marks with data-act become events of it.
const act = (event) => {
  const target = event.target.closest("[data-act]");
  if (!target || !element.contains(target)) return;
  event.preventDefault();
  // Another telling is what the button for it does, with the words of the reader's box.
  if (target.dataset.act === "retry") { document.querySelector("#retry").click(); return; }
  const { act: name, passage, place, token } = target.dataset;
  trigger("click", { act: name, passage: Number(passage), place: Number(place), token: Number(token) });
};
element.addEventListener("click", (event) => { event.stopPropagation(); act(event); });
element.addEventListener("keydown", (event) => {
  if ((event.key === "Enter" || event.key === " ") && event.target.matches("span[data-act]")) act(event);
});
