/** localStorage that never throws: private windows and full disks must not stop the page. */
export function readLocal(key: string): string | undefined {
  try {
    return localStorage.getItem(`parley.${key}`) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Writes, or removes with undefined. */
export function writeLocal(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(`parley.${key}`);
    else localStorage.setItem(`parley.${key}`, value);
  } catch {
    // Kept for this page only, then.
  }
}

/** Removes everything whose key begins so. */
export function clearLocal(prefix: string): void {
  try {
    const keys = Array.from({ length: localStorage.length }, (_, at) => localStorage.key(at) ?? '');
    for (const key of keys) if (key.startsWith(`parley.${prefix}`)) localStorage.removeItem(key);
  } catch {
    // Then nothing was kept either.
  }
}

/** Calls back when another tab changed or removed this one. */
export function onLocalChange(key: string, listener: () => void): void {
  window.addEventListener('storage', (event) => {
    // No key: everything was cleared.
    if (event.key === null || event.key === `parley.${key}`) listener();
  });
}
