import { useSyncExternalStore } from 'react';
import { clearLocal, readLocal, writeLocal } from '../../lib/local.ts';

// A crash loses at most this much typing.
const SAVE_MS = 250;
const PREFIX = 'draft.';
const key = (conversation: string): string => `${PREFIX}${conversation}`;

const drafts = new Map<string, string>();
const listeners = new Set<() => void>();
const unsaved = new Set<string>();
let timer: ReturnType<typeof setTimeout> | undefined;

/** What was begun and not sent in a conversation; empty for nothing. */
export function draftOf(conversation: string): string {
  let draft = drafts.get(conversation);
  if (draft === undefined) {
    draft = readLocal(key(conversation)) ?? '';
    drafts.set(conversation, draft);
  }
  return draft;
}

/** Keeps a draft for this browser, over reloads and crashes. Composers of the conversation show it. */
export function setDraft(conversation: string, text: string): void {
  drafts.set(conversation, text);
  unsaved.add(conversation);
  timer ??= setTimeout(save, SAVE_MS);
  for (const listener of listeners) listener();
}

function save(): void {
  timer = undefined;
  for (const conversation of unsaved) {
    const draft = drafts.get(conversation) ?? '';
    writeLocal(key(conversation), draft === '' ? undefined : draft);
  }
  unsaved.clear();
}

window.addEventListener('pagehide', save);

/** Forgets all drafts, also those that this page never showed and those it was about to keep. */
export function forgetDrafts(): void {
  clearTimeout(timer);
  timer = undefined;
  unsaved.clear();
  drafts.clear();
  clearLocal(PREFIX);
}

export function subscribeDrafts(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useDraft(conversation: string): string {
  return useSyncExternalStore(subscribeDrafts, () => draftOf(conversation));
}
