// Files that agents send: pictures are shown, all can be saved.

const TRIES = 8;

/**
 * Show what came with a message; a picture that is still on its way to the server is asked for again.
 * `onGrown` is called when a picture has taken its place.
 */
export function drawFiles(files, words, onGrown) {
  return files.map(({ url, kind, size }) => {
    const link = Object.assign(document.createElement("a"), { href: url, className: "file", download: "" });
    const name = words[`file_${kind}`];
    const label = size ? `${name} · ${Math.max(1, Math.round(size / 1024))} KB` : name;
    if (kind === "photo") link.append(drawPicture(url, label, onGrown));
    link.append(Object.assign(document.createElement("span"), { textContent: label }));
    return link;
  });
}

function drawPicture(url, alt, onGrown) {
  const picture = Object.assign(document.createElement("img"), { alt, loading: "lazy" });
  picture.addEventListener("load", onGrown);
  let tries = 0;
  picture.addEventListener("error", () => {
    tries += 1;
    if (tries < TRIES) setTimeout(() => { picture.src = `${url}?${tries}`; }, 1000 * tries);
    else picture.hidden = true;
  });
  picture.src = url;
  return picture;
}
