// Runs when an element loads: clicks and keys on its parts with data-act become events of it.
const SECOND_CLICK = 250; // milliseconds in which a click may turn out to be the first half of a double click
const act = (target) => {
  // The button for another telling is Try again, with the words of the reader's box.
  if (target.dataset.act === "retry") { document.querySelector("#retry").click(); return; }
  const { act: name, passage, place, token, figure } = target.dataset;
  trigger("click", { act: name, passage: Number(passage), place: Number(place), token: Number(token), figure });
};
const find = (event) => {
  const target = event.target.closest("[data-act]");
  return target && element.contains(target) ? target : null;
};
const isSelecting = () => !window.getSelection().isCollapsed && element.contains(window.getSelection().anchorNode);
let clicks = 0;
element.addEventListener("click", (event) => {
  event.stopPropagation();
  const target = find(event);
  if (!target) return;
  event.preventDefault();
  if (target.matches("button, .figure")) { act(target); return; }
  // A reader may select words of the story by dragging or by a double click: neither is meant for the passage.
  const click = ++clicks;
  setTimeout(() => { if (click === clicks && event.detail < 2 && !isSelecting()) act(target); }, SECOND_CLICK);
});
element.addEventListener("keydown", (event) => {
  if ((event.key !== "Enter" && event.key !== " ") || !event.target.matches("span[data-act], .figure[data-act]")) return;
  event.preventDefault();
  act(find(event));
});
