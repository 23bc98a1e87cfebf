// Store: all that chat keeps: people, rooms, members, messages and what is done to them.
//
// Each write is one transaction: all of it or nothing, and with it the room's changes. A room's `version` and
// `seq` are given in the transaction, under the room's lock, without gaps; two nodes may write to one room.
// What a write checks of who acts (Acting, Sender) it reads in the same transaction. Counts of unread come
// from counters on room, message and member; no send writes to each member.
//
// Whether somebody may see a room, reads do not ask: that is the caller's, but for search and lists "of" a
// user, which look at memberships in the same statement. A room that was deleted is nowhere found.
//
// Texts are UTF-8 without the character 0 (kInvalid). Lists and texts have limits, which each part names.
//
// Thread: the loop of the database it stands on. A task that reads may be destroyed while it waits; one that
// writes runs to its end (net/run_to_end.h). testing/ has this comment and its parts in executable form.
#pragma once

#include "chat/store/attachment_store.h"
#include "chat/store/change_store.h"
#include "chat/store/hook_store.h"
#include "chat/store/marker_store.h"
#include "chat/store/message_store.h"
#include "chat/store/moderation_store.h"
#include "chat/store/reminder_store.h"
#include "chat/store/retention_store.h"
#include "chat/store/room_store.h"
#include "chat/store/schedule_store.h"
#include "chat/store/search_store.h"
#include "chat/store/thread_store.h"
#include "chat/store/user_store.h"

namespace tidemill::chat {

class Store {
 public:
  virtual ~Store() = default;

  virtual UserStore& users() = 0;
  virtual RoomStore& rooms() = 0;
  virtual MessageStore& messages() = 0;
  virtual MarkerStore& markers() = 0;
  virtual ThreadStore& threads() = 0;
  virtual ChangeStore& changes() = 0;
  virtual SearchStore& search() = 0;
  virtual AttachmentStore& attachments() = 0;
  virtual ModerationStore& moderation() = 0;
  virtual HookStore& hooks() = 0;
  virtual ScheduleStore& schedule() = 0;
  virtual ReminderStore& reminders() = 0;
  virtual RetentionStore& retention() = 0;
};

}  // namespace tidemill::chat
