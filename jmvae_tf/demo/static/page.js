// What the page does in the browser: the pad to draw on, and the address that carries the state.

const INK = "#fff";
const PAPER = "#000";

// Makes a canvas draw, and writes its pixels into the text box beside it.
function startPad(pad) {
  const canvas = pad.querySelector("canvas");
  const size = Number(pad.dataset.size);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  let last = null;

  const clear = () => {
    pen.fillStyle = PAPER;
    pen.fillRect(0, 0, canvas.width, canvas.height);
  };

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * canvas.width,
      ((event.clientY - box.top) / box.height) * canvas.height,
    ];
  };

  const line = (from, to) => {
    pen.strokeStyle = INK;
    pen.lineWidth = canvas.width / 13;
    pen.lineCap = "round";
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(...to);
    pen.stroke();
  };

  const send = () => {
    const small = document.createElement("canvas");
    small.width = small.height = size;
    const copy = small.getContext("2d");
    copy.imageSmoothingQuality = "high";
    copy.drawImage(canvas, 0, 0, size, size);
    const values = copy.getImageData(0, 0, size, size).data;
    let pixels = "";
    for (let at = 0; at < values.length; at += 4) {
      pixels += values[at].toString(16).padStart(2, "0");
    }
    const box = document.querySelector("#pad-pixels textarea, #pad-pixels input");
    box.value = pixels;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = place(event);
    line(last, last);
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (last) {
      const next = place(event);
      line(last, next);
      last = next;
    }
  });
  canvas.addEventListener("pointerup", () => {
    last = null;
    send();
  });
  pad.querySelector("button").addEventListener("click", clear);
  clear();
}

// Keeps the address of the page the same as the link to its picture, which the page gets once it has
// read the address. An address without a query stays as it is until the picture changes.
let lastLink = null;

function followLink() {
  const link = document.querySelector("#link a");
  if (!link || link.href === lastLink) return;
  if (lastLink !== null || location.search) history.replaceState(history.state, "", link.href);
  lastLink = link.href;
}

new MutationObserver(() => {
  for (const pad of document.querySelectorAll(".pad:not([data-started])")) {
    pad.dataset.started = "";
    startPad(pad);
  }
  followLink();
}).observe(document.documentElement, { childList: true, subtree: true, attributeFilter: ["href"] });
