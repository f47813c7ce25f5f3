/** Keys are on a screen: Enter makes a new line there, and nothing pulls up the keyboard unasked. */
export function isTouchFirst(): boolean {
  return window.matchMedia('(hover: none) and (pointer: coarse)').matches;
}
