/** The wire between Parley's clients and relays. PROTOCOL.md says what the frames mean. */
export {
  type ClientFrame,
  type ClientFrameOf,
  type ClientFrameType,
  ClientFrame as ClientFrameSchema,
  Hello as HelloSchema,
} from './client-frame.ts';
export {
  type Decoded,
  type DecodeFailure,
  decodeClientFrame,
  decodeRelayFrame,
  encodeClientFrame,
  encodeRelayFrame,
} from './codec.ts';
export { type Conversation, Conversation as ConversationSchema, type RoomListing } from './conversation.ts';
export {
  type Entry,
  type EntryKind,
  Entry as EntrySchema,
  type Visibility,
  Visibility as VisibilitySchema,
} from './entry.ts';
export {
  CLOSE_DRAINING,
  CLOSE_NORMAL,
  CLOSE_TOO_LARGE,
  ERROR_CODES,
  ERRORS,
  type ErrorCode,
  shouldReconnect,
} from './errors.ts';
export {
  HTTP_ERRORS,
  HttpError as HttpErrorSchema,
  type HttpError,
  type HttpErrorCode,
  IssuedToken as IssuedTokenSchema,
  type IssuedToken,
  SESSION_PATH,
  SignedIn as SignedInSchema,
  type SignedIn,
  SignIn as SignInSchema,
  type SignIn,
  SOCKET_PATH,
  TOKEN_PATH,
} from './http.ts';
export {
  type ConversationId,
  ConversationId as ConversationIdSchema,
  type DeviceId,
  DeviceId as DeviceIdSchema,
  type DirectId,
  directConversationId,
  directMembers,
  type Epoch,
  type InviteToken,
  InviteToken as InviteTokenSchema,
  makeDeviceId,
  makeOperationId,
  makeRoomId,
  makeToken,
  makeUserId,
  type OperationId,
  OperationId as OperationIdSchema,
  type RoomId,
  RoomId as RoomIdSchema,
  type Seq,
  type UserId,
  UserId as UserIdSchema,
} from './ids.ts';
export * from './limits.ts';
export { type Presence, type PresenceState, type User } from './people.ts';
export {
  type RelayFrame,
  type RelayFrameOf,
  type RelayFrameType,
  RelayFrame as RelayFrameSchema,
} from './relay-frame.ts';
export {
  checkText,
  countCodePoints,
  countUtf8Bytes,
  isCleanText,
  MessageText as MessageTextSchema,
  Name as NameSchema,
  normalizeName,
} from './text.ts';
export { negotiateVersion, OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION, type VersionRange } from './version.ts';
