// Runs before the first paint: what the person chose in this browser, without a cookie. Not a module on purpose.
(function () {
  var root = document.documentElement;
  try {
    var theme = localStorage.getItem("laurel.theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    if (localStorage.getItem("laurel.panel.lesson-map") === "hidden") root.dataset.lessonMap = "hidden";
  } catch {
    // Storage is closed to us: the system's theme it is.
  }
})();
