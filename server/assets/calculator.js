// The page works without this file: its forms post to the server. Here the
// forms ask the API instead, so that numbers of any length fit, the page stays
// where it is, and nothing that was calculated stands in an address.

const foldedBeyond = 200; // characters; the server folds results of the same length
const page = 20; // entries asked for at once

const at = (id) => document.getElementById(id);
const form = at("calculator");
const expression = at("expression");
const submit = form.querySelector(".primary");
const historyList = at("entries"); // null where no history is kept

let running; // the AbortController of the question in flight
let result = at("whole").textContent || at("result").textContent;
const recalled = { list: [], index: -1 }; // what the arrow keys go through

document.body.classList.add("scripted");

// ask returns the answer's JSON, or throws an Error whose message is for people.
async function ask(method, path, body, signal) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      signal,
      headers: { Accept: "application/json", Prefer: "history=written", ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The calculator could not be reached. Check the connection and try again.");
  }
  at("instance").textContent = answer.headers.get("X-Instance-Id") || at("instance").textContent;
  if (answer.status === 204) return {};
  const json = await answer.json().catch(() => (
    { detail: `The calculator answered ${answer.status} and nothing that can be read. Try again.` }));
  if (!answer.ok) throw Object.assign(new Error(json.detail), { position: json.position });
  return json;
}

// normal writes what people type the way the API reads it.
function normal(text) {
  return text.replace(/\s+/g, "").replaceAll("×", "*").replaceAll("·", "*").replaceAll("÷", "/").replaceAll("−", "-");
}

function ends(text) {
  return `${text.slice(0, 40)}…${text.slice(-40)}`;
}

function kind(text, exact) {
  const digits = (text.match(/\d/g) ?? []).length;
  const long = digits > 20 ? `${digits.toLocaleString("en")} digits` : "";
  return [exact ? "" : "rounded", long].filter(Boolean).join(", ");
}

function showResult(text, exact) {
  result = text;
  const fold = text.length > foldedBeyond;
  at("fault").hidden = true;
  expression.removeAttribute("aria-invalid");
  expression.setAttribute("aria-describedby", "hint");
  at("outcome").hidden = false;
  at("kind").textContent = kind(text, exact);
  at("result").hidden = fold;
  at("folded").hidden = !fold;
  at("folded").open = false;
  at("result").textContent = fold ? "" : text;
  at("ends").textContent = fold ? ends(text) : "";
  at("whole").textContent = ""; // filled when it is unfolded: a million digits take a while to lay out
  at("status").textContent = "";
}

function showFault(text, position) {
  at("outcome").hidden = true;
  at("fault").hidden = false;
  at("fault").textContent = text;
  expression.setAttribute("aria-invalid", "true");
  expression.setAttribute("aria-describedby", "hint fault");
  expression.focus();
  if (position > 0 && position <= expression.value.length) {
    expression.setSelectionRange(position - 1, position);
  }
}

async function calculate() {
  expression.value = normal(expression.value);
  if (expression.value === "") {
    showFault("Type a calculation first, such as 2^100 + 1/3.");
    return;
  }
  running?.abort();
  const mine = running = new AbortController();
  submit.setAttribute("aria-busy", "true");
  try {
    const question = { expression: expression.value, precision: Number(at("precision").value) };
    const answer = await ask("POST", "/v1/calculate", question, mine.signal);
    showResult(answer.result, answer.exact);
    remember(question.expression);
    await refreshHistory();
  } catch (error) {
    if (error.name !== "AbortError") showFault(error.message, error.position);
  } finally {
    if (running === mine) submit.removeAttribute("aria-busy");
  }
}

function remember(question) {
  recalled.list = [question, ...recalled.list.filter((old) => old !== question)].slice(0, 100);
  recalled.index = -1;
}

// recall goes back (+1) or forth (-1) through what was calculated here.
function recall(step) {
  const index = recalled.index + step;
  if (index < -1 || index >= recalled.list.length) return;
  recalled.index = index;
  expression.value = index < 0 ? "" : recalled.list[index];
}

function insert(text) {
  const { selectionStart: from, selectionEnd: to, value } = expression;
  switch (text) {
    case "clear":
      expression.value = "";
      break;
    case "back":
      expression.setRangeText("", from === to ? Math.max(from - 1, 0) : from, to, "end");
      break;
    case "ans":
      expression.setRangeText(
        result.length > foldedBeyond || result === "" || value === "" ? result : `(${result})`, from, to, "end");
      break;
    default:
      expression.setRangeText(text, from, to, "end");
  }
  if (!matchMedia("(pointer: coarse)").matches) expression.focus(); // on a phone that would open its keyboard
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter?.id === "download") {
    download();
    return;
  }
  calculate();
});

expression.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const oneLine = !expression.value.includes("\n");
  if (event.key === "Escape") {
    running?.abort();
    expression.value = "";
  } else if (event.key === "ArrowUp" && oneLine && (expression.selectionStart === 0 || recalled.index >= 0)) {
    event.preventDefault();
    recall(1);
  } else if (event.key === "ArrowDown" && oneLine && recalled.index >= 0) {
    event.preventDefault();
    recall(-1);
  }
});

// Enter calculates. Keyboards on a screen do not always send a key of that name.
expression.addEventListener("beforeinput", (event) => {
  if (event.inputType !== "insertLineBreak") return;
  event.preventDefault();
  calculate();
});

expression.addEventListener("input", () => { recalled.index = -1; });

at("keys").addEventListener("click", (event) => {
  const key = event.target.closest("button")?.dataset.key;
  if (key === "equals") calculate();
  else if (key !== undefined) insert(key);
});

at("folded").addEventListener("toggle", () => {
  if (at("folded").open && at("whole").textContent === "") at("whole").textContent = result;
});

at("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(result);
    at("status").textContent = "Copied.";
  } catch {
    at("status").textContent = "The browser does not allow copying here: use Download.";
  }
});

function download() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([result, "\n"], { type: "text/plain" }));
  link.download = "result.txt";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  at("status").textContent = "Downloaded as result.txt.";
}

// asked is an entry of the history the way it was asked.
function asked(entry) {
  if (entry.expression) return entry.expression;
  const operands = entry.operands ?? [];
  if (/^[-+*/%^]+$/.test(entry.operation)) return operands.join(` ${entry.operation} `);
  return `${entry.operation}(${operands.join(", ")})`;
}

function short(text, most) {
  return text.length > most ? `${text.slice(0, most / 2)}…${text.slice(-most / 2)}` : text;
}

function paragraph(className, ...content) {
  const p = document.createElement("p");
  p.className = className;
  p.append(...content);
  return p;
}

function entryElement(entry) {
  const li = document.createElement("li");
  const box = document.createElement("form");
  const question = asked(entry);
  const reuse = Object.assign(document.createElement("button"), { type: "button", className: "reuse", textContent: short(question, 120) });
  reuse.title = "Use it again";
  reuse.addEventListener("click", () => {
    expression.value = entry.expression ?? question.replaceAll(" ", "");
    expression.focus();
  });
  const time = Object.assign(document.createElement("time"), { dateTime: entry.time, textContent: new Date(entry.time).toLocaleString() });
  const remove = Object.assign(document.createElement("button"), { type: "submit", textContent: "Delete" });
  remove.setAttribute("aria-label", `Delete ${short(question, 60)}`);
  const asideOf = [time, ` · ${entry.instance}`, entry.shortened ? " · shortened" : ""];
  box.append(paragraph("asked", reuse), paragraph("outcome", `= ${short(entry.result, 120)}`), paragraph("faint", ...asideOf), remove);
  box.addEventListener("submit", async (event) => {
    event.preventDefault();
    const next = li.nextElementSibling ?? li.previousElementSibling;
    await changeHistory("DELETE", `/v1/history/${encodeURIComponent(entry.id)}`);
    (next?.isConnected ? next.querySelector(".reuse") : at("search")).focus?.();
  });
  li.append(box);
  return li;
}

function note(text) {
  at("history-note").textContent = text;
  at("history-note").hidden = text === "";
}

// refreshHistory shows the newest entries, or what follows the id before.
async function refreshHistory(before = "") {
  if (!historyList) return;
  const search = at("search").value;
  const query = new URLSearchParams({ limit: page, ...(search && { search }), ...(before && { before }) });
  try {
    const { entries, next } = await ask("GET", `/v1/history?${query}`);
    const elements = entries.map(entryElement);
    if (before) historyList.append(...elements);
    else historyList.replaceChildren(...elements);
    at("older").hidden = !next;
    at("older").dataset.before = next ?? "";
    at("delete-all").hidden = historyList.children.length === 0;
    note(historyList.children.length > 0 ? "" : search ? "Nothing in the history has that." : "What you calculate is kept here.");
  } catch (error) {
    note(error.message);
  }
}

async function changeHistory(method, path) {
  try {
    await ask(method, path);
  } catch (error) {
    note(error.message);
    return;
  }
  await refreshHistory();
}

if (historyList) {
  let typing; // the timer of a search that waits for the next key
  at("search-form").addEventListener("submit", (event) => {
    event.preventDefault();
    refreshHistory();
  });
  at("search").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => refreshHistory(), 250);
  });
  at("older").addEventListener("click", () => refreshHistory(at("older").dataset.before));
  at("delete-all").addEventListener("submit", (event) => {
    event.preventDefault();
    if (confirm("Delete the whole history? It cannot be brought back.")) changeHistory("DELETE", "/v1/history");
  });
  refreshHistory();
}
