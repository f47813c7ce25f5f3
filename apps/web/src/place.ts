/** Where the page is. It lives in the fragment, which browsers send to nobody: an invite's token stays out of every log. */
export type Route =
  | { readonly at: 'home' }
  | { readonly at: 'conversation'; readonly id: string; readonly details: boolean }
  | { readonly at: 'invite'; readonly room: string; readonly token: string };

const CONVERSATION = /^#\/c\/(r_[\w-]{22}|d_[\w-]{44})(\/details)?$/;
const INVITE = /^#\/invite\/(r_[\w-]{22})\/([\w-]{22})$/;

export function parseRoute(hash: string): Route {
  const conversation = CONVERSATION.exec(hash);
  if (conversation?.[1] !== undefined)
    return { at: 'conversation', id: conversation[1], details: conversation[2] !== undefined };
  const invite = INVITE.exec(hash);
  if (invite?.[1] !== undefined && invite[2] !== undefined) return { at: 'invite', room: invite[1], token: invite[2] };
  return { at: 'home' };
}

export function hrefTo(route: Route): string {
  switch (route.at) {
    case 'home':
      return '#/';
    case 'conversation':
      return `#/c/${route.id}${route.details ? '/details' : ''}`;
    case 'invite':
      return `#/invite/${route.room}/${route.token}`;
  }
}
