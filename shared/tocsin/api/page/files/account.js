/** Who looks at the page, what they may do, and asking for a token or a password. */

import * as api from "./api.js";

const dialog = document.getElementById("account");
const form = dialog.querySelector("form");
const [user, secret] = dialog.querySelectorAll("input");
let identity = null;

/** Ask who we are; where nobody says, everything may be tried. */
export async function identify() {
  try {
    identity = await api.get("tocsin/api/v1/whoami");
  } catch (error) {
    identity = null;
    if (error.status === 401) throw error;
  }
}

/** What the API knows us as, empty if as nobody. */
export const name = () => identity?.name ?? "";

export const may = (scope) => {
  const scopes = identity?.scopes;
  return !scopes || scopes.includes("admin") || scopes.includes(scope);
};

/** Ask for a token or a password, and then for all again; `reason` is what the API said. */
export function ask(reason, again) {
  dialog.querySelector(".reason").textContent = reason;
  form.onsubmit = (event) => {
    event.preventDefault();
    api.bring(user.value.trim(), secret.value.trim());
    secret.value = "";
    dialog.close();
    again();
  };
  if (!dialog.open) dialog.showModal();
}
