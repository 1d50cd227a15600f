// Only browsers without module scripts run this file, so it is written for the oldest of them.
document.addEventListener("DOMContentLoaded", function () {
  document.getElementById("start-note").innerHTML =
    "This browser is too old for this page: it lacks module scripts, and with them most of " +
    "what the page needs. A current Firefox, Chrome, Edge or Safari will do.";
});
