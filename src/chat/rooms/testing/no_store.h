// NoStore: a store that is asked nothing.
#pragma once

#include <utility>

#include "base/assert.h"
#include "chat/store/store.h"

namespace tidemill::chat::testing {

class NoStore final : public Store {
 public:
  UserStore& users() override { return Asked<UserStore>(); }
  RoomStore& rooms() override { return Asked<RoomStore>(); }
  MessageStore& messages() override { return Asked<MessageStore>(); }
  MarkerStore& markers() override { return Asked<MarkerStore>(); }
  ThreadStore& threads() override { return Asked<ThreadStore>(); }
  ChangeStore& changes() override { return Asked<ChangeStore>(); }
  SearchStore& search() override { return Asked<SearchStore>(); }
  AttachmentStore& attachments() override { return Asked<AttachmentStore>(); }
  ModerationStore& moderation() override { return Asked<ModerationStore>(); }
  HookStore& hooks() override { return Asked<HookStore>(); }
  ScheduleStore& schedule() override { return Asked<ScheduleStore>(); }
  ReminderStore& reminders() override { return Asked<ReminderStore>(); }
  RetentionStore& retention() override { return Asked<RetentionStore>(); }

 private:
  template <class T>
  T& Asked() {
    TM_ASSERT(false);
    std::unreachable();
  }
};

}  // namespace tidemill::chat::testing
