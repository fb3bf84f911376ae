"use strict";
/* The door. With a one-time code behind the '#' it makes the first supervisor. */
const $ = (id) => document.getElementById(id);
const code = location.hash.slice(1);

if (code) {
  $("explain").hidden = false;
  $("purpose").textContent = $("go").textContent = WORDS.set_up;
  $("password").minLength = 8;
  $("password").autocomplete = "new-password";
}
function complain(text) {
  $("complaint").textContent = text;
  $("complaint").hidden = !text;
}
$("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  complain("");
  $("go").disabled = true;
  try {
    const words = { name: $("name").value.trim(), password: $("password").value };
    const answer = await fetch(code ? "/api/set-up" : "/api/sign-in", {
      method: "POST", headers: { "Content-Type": "application/json", "X-Cadencia": "1" }, body: JSON.stringify(code ? { ...words, code } : words) });
    const said = await answer.json();
    if (answer.ok) location.replace(said.role === "agent" ? "/desk" : "/");
    else complain(answer.status === 401 && !code && !/locked/.test(said.error || "") ? WORDS.wrong : said.error || WORDS.no_answer_box);
  } catch (error) {
    complain(WORDS.no_answer_box);
  }
  $("go").disabled = false;
});
