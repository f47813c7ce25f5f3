type Place = 'localStorage' | 'sessionStorage';

function read(place: Place, key: string): string | undefined {
  try {
    return window[place].getItem(`parley.${key}`) ?? undefined;
  } catch {
    return undefined;
  }
}

function write(place: Place, key: string, value: string | undefined): void {
  try {
    if (value === undefined) window[place].removeItem(`parley.${key}`);
    else window[place].setItem(`parley.${key}`, value);
  } catch {
    // Kept for this page only, then.
  }
}

function clear(place: Place, prefix: string): void {
  try {
    const store = window[place];
    const keys = Array.from({ length: store.length }, (_, at) => store.key(at) ?? '');
    for (const key of keys) if (key.startsWith(`parley.${prefix}`)) store.removeItem(key);
  } catch {
    // Then nothing was kept either.
  }
}

/** localStorage that never throws: private windows and full disks must not stop the page. */
export const readLocal = (key: string): string | undefined => read('localStorage', key);

/** Writes, or removes with undefined. */
export const writeLocal = (key: string, value: string | undefined): void => write('localStorage', key, value);

/** Removes everything whose key begins so. */
export const clearLocal = (prefix: string): void => clear('localStorage', prefix);

/** The same for what this tab keeps for itself, over reloads. */
export const readTab = (key: string): string | undefined => read('sessionStorage', key);
export const writeTab = (key: string, value: string | undefined): void => write('sessionStorage', key, value);
export const clearTab = (prefix: string): void => clear('sessionStorage', prefix);

/** Calls back when another tab changed or removed this one. */
export function onLocalChange(key: string, listener: () => void): void {
  window.addEventListener('storage', (event) => {
    // No key: everything was cleared.
    if (event.key === null || event.key === `parley.${key}`) listener();
  });
}
