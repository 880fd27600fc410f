/* The filmstrip of a clip: evenly spaced frames side by side in one picture, painted while the exact frame is on its way.

   window.rushes.film(clip) -> {ready, columns, frameOf(column), columnOf(frame), paint(pen, column, width, height)}; one
   for each address, shared by all who ask. */
(() => {
  "use strict";
  const MOST_COLUMNS = 240;
  const films = new Map();

  function makeFilm(clip) {
    const image = new Image();
    const film = { image, columns: 0, ready: null, frameOf, columnOf, paint };

    film.ready = new Promise((done) => {
      image.addEventListener("load", () => {
        const own = image.naturalHeight * (clip.width / clip.height);
        film.columns = Math.max(1, Math.min(MOST_COLUMNS, Math.round(image.naturalWidth / own)));
        done(true);
      });
      image.addEventListener("error", () => done(false));
    });
    if (clip.filmstrip) image.src = clip.filmstrip;

    /* The middle one of the frames that a column stands for. */
    function frameOf(column) {
      return Math.floor(((column + 0.5) * clip.frames) / film.columns);
    }

    function columnOf(frame) {
      return Math.max(0, Math.min(film.columns - 1, Math.floor((frame * film.columns) / clip.frames)));
    }

    function paint(pen, column, width, height) {
      const wide = image.naturalWidth / film.columns;
      pen.drawImage(image, column * wide, 0, wide, image.naturalHeight, 0, 0, width, height);
    }
    return film;
  }

  window.rushes.film = (clip) => {
    if (!films.has(clip.filmstrip)) films.set(clip.filmstrip, makeFilm(clip));
    return films.get(clip.filmstrip);
  };
})();
