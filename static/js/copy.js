// Buttons that copy a text: <button data-copy="id of the element" hidden>. Without JavaScript they stay hidden.

async function put(text, from) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // no clipboard outside a secure context: select the text, so that a key press is enough
    const range = document.createRange();
    range.selectNodeContents(from);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    return document.execCommand("copy");
  }
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  const from = document.getElementById(button.dataset.copy);
  if (!from) continue;
  const label = button.textContent;
  const status = document.createElement("span");
  status.className = "hush";
  status.setAttribute("role", "status");
  button.after(status);
  button.hidden = false;
  let timer = 0;
  button.addEventListener("click", async () => {
    const done = await put(from.textContent, from);
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    status.textContent = done ? "Copied to the clipboard" : "Selected: press Control C to copy";
    clearTimeout(timer);
    timer = setTimeout(() => {
      button.textContent = label;
      status.textContent = "";
    }, 2500);
  });
}
