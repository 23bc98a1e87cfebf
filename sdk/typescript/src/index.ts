// Tidemill in TypeScript: live queries and chat, over the official centrifuge client. See README.md.
export type { LiveEndpoint, ParamsOf, Register, RowOf } from './api_types.js';
export { Chat } from './chat/chat.js';
export type { InboxState, Unread } from './chat/inbox.js';
export { Room, type RoomState, type SendOptions } from './chat/room.js';
export type { ChatEvent, ChatRoom, Message, Presence, Reaction, User } from './chat/types.js';
export { TidemillError } from './errors.js';
export type { LiveQuery, LiveState, Status } from './live.js';
export { channelOf, type Params, targetOf, type Value } from './names.js';
export type { Followed } from './shared.js';
export { type LiveOptions, type Options, Tidemill } from './tidemill.js';
