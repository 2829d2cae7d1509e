// Files chosen or dropped: sent as they are, and read here only so that what was refused can be drawn.

const element = (id) => document.getElementById(id);

export class Uploads {
  /** `done(said)`, `refused(body, document, retry)`, `failed(said)`; `send(address, file, fields)`. */
  constructor(address, { done, refused, failed, send }) {
    Object.assign(this, { address, done, refused, failed, send });
    element("file").addEventListener("change", (event) => {
      const [file] = event.target.files;
      event.target.value = ""; // the same file may be chosen again, mended
      if (file) this.take(file);
    });
    this.listenForDrops();
  }

  listenForDrops() {
    const area = element("editor");
    const drop = element("drop");
    let depth = 0;
    const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    area.addEventListener("dragenter", (event) => {
      if (!carries(event)) return;
      depth += 1;
      drop.hidden = false;
    });
    area.addEventListener("dragleave", (event) => {
      if (!carries(event)) return;
      depth -= 1;
      if (depth <= 0) drop.hidden = true;
    });
    area.addEventListener("dragover", (event) => carries(event) && event.preventDefault());
    area.addEventListener("drop", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      depth = 0;
      drop.hidden = true;
      const [file] = event.dataTransfer.files;
      if (file) this.take(file);
    });
  }

  async take(file, fields = {}) {
    this.failed(`Uploading ${file.name}…`);
    const answer = await this.send(this.address, file, fields);
    if (answer.ok) {
      await this.done(answer.body.detail);
    } else if (answer.body.faults) {
      this.failed("");
      const document_ = await read(file);
      const features = Array.isArray(document_?.features) ? document_.features.length : 1;
      const bad = new Set(answer.body.faults.map((fault) => fault.feature)).size;
      const some = features > bad && !answer.body.faults.some((fault) => fault.feature === null);
      this.refused(answer.body, document_, some ? () => this.take(file, { skip_invalid: "on" }) : null);
    } else {
      this.failed(answer.body.detail);
    }
  }
}

async function read(file) {
  try {
    return JSON.parse((await file.text()).replace(/^\ufeff/, ""));
  } catch {
    return null;
  }
}
