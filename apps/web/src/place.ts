/** Where the page is. It lives in the fragment, which browsers send to nobody: an invite's token stays out of every log. */
export type Route =
  | { readonly at: 'home' }
  | { readonly at: 'conversation'; readonly id: string; readonly details: boolean }
  | { readonly at: 'invite'; readonly room: string; readonly token: string }
  /** An invite's address that lost a piece on its way. */
  | { readonly at: 'brokenInvite' };

const CONVERSATION = /^#\/c\/(r_[\w-]{22}|d_[\w-]{44})(\/details)?$/;
// What a sentence put around the link (a full stop, a bracket) is no part of it.
const INVITE = /^#\/invite\/(r_[\w-]{22})\/([\w-]{22})(?![\w-])/;

export function parseRoute(hash: string): Route {
  const conversation = CONVERSATION.exec(hash);
  if (conversation?.[1] !== undefined)
    return { at: 'conversation', id: conversation[1], details: conversation[2] !== undefined };
  const invite = INVITE.exec(hash);
  if (invite?.[1] !== undefined && invite[2] !== undefined) return { at: 'invite', room: invite[1], token: invite[2] };
  return hash.startsWith('#/invite') ? { at: 'brokenInvite' } : { at: 'home' };
}

export function hrefTo(route: Route): string {
  switch (route.at) {
    case 'home':
      return '#/';
    case 'conversation':
      return `#/c/${route.id}${route.details ? '/details' : ''}`;
    case 'invite':
      return `#/invite/${route.room}/${route.token}`;
    case 'brokenInvite':
      return '#/invite';
  }
}
