/** Puts a field's text on the clipboard; false when the browser does not let us. */
export async function copyText(field: HTMLInputElement | null): Promise<boolean> {
  if (field === null) return false;
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    // Only pages with TLS or on localhost have a clipboard; the old way works everywhere.
    field.select();
    return document.execCommand('copy');
  }
}
