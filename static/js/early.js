/* Before anything is drawn: this browser runs scripts, so what is only for the others never flashes. */
document.documentElement.classList.add("js");
