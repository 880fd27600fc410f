/* The month picker goes to its month by itself. */
document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-submits-itself]");
  if (form) form.requestSubmit();
});
