/** Lets a number of visitors in at a time: gives a way out, or null when there is no room. */
export function sideDoor(room: number): () => (() => void) | null {
  let inside = 0;
  return () => {
    if (inside >= room) return null;
    inside++;
    let isOut = false;
    return () => {
      if (!isOut) inside--;
      isOut = true;
    };
  };
}
