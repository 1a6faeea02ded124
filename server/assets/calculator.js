"use strict";

// The page works without this file: its form asks GET /. Here the form asks the
// API instead, so that numbers of any length fit and the page stays.
(() => {
  const form = document.getElementById("calculator");
  const button = form.querySelector("button");
  const inputs = [document.getElementById("number1"), document.getElementById("number2")];
  const result = document.getElementById("result");
  const fault = document.getElementById("fault");
  const note = document.getElementById("note");
  const instance = document.getElementById("instance");
  const longResult = 60; // digits; beyond, a smaller type reads better
  let running; // the AbortController of the question in flight

  function show(element, text) {
    for (const other of [result, fault, note]) {
      other.hidden = other !== element;
    }
    element.textContent = text;
    result.classList.toggle("long", result.textContent.length > longResult);
  }

  function blame(operand) {
    inputs.forEach((input, i) => {
      const guilty = operand === i + 1;
      input.toggleAttribute("aria-invalid", false);
      if (guilty) {
        input.setAttribute("aria-invalid", "true");
        input.setAttribute("aria-describedby", "fault");
        input.focus();
      } else {
        input.removeAttribute("aria-describedby");
      }
    });
  }

  async function ask(question, signal) {
    const answer = await fetch("/v1/calculate", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept": "application/json" },
      body: JSON.stringify(question),
      signal,
    });
    instance.textContent = answer.headers.get("X-Instance-Id") || instance.textContent;
    return answer.json();
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    running?.abort();
    const mine = running = new AbortController();
    button.setAttribute("aria-busy", "true");
    const data = new FormData(form);
    const operands = inputs.map((input) => input.value.replace(/\s+/g, ""));
    try {
      const answer = await ask({ operation: data.get("operator"), operands }, mine.signal);
      blame(answer.operand);
      if ("result" in answer) {
        show(result, answer.result);
      } else {
        show(fault, answer.detail);
      }
    } catch (error) {
      if (error.name !== "AbortError") {
        show(fault, "The calculator could not be reached. Check the connection and try again.");
      }
    } finally {
      if (running === mine) {
        button.removeAttribute("aria-busy");
      }
    }
  });
})();
