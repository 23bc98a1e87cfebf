#include "chat/store/sql_store.h"

#include "chat/store/room_work.h"
#include "chat/store/sql_attachments.h"
#include "chat/store/sql_changes.h"
#include "chat/store/sql_context.h"
#include "chat/store/sql_hooks.h"
#include "chat/store/sql_markers.h"
#include "chat/store/sql_members.h"
#include "chat/store/sql_messages.h"
#include "chat/store/sql_moderation.h"
#include "chat/store/sql_reminders.h"
#include "chat/store/sql_retention.h"
#include "chat/store/sql_rooms.h"
#include "chat/store/sql_schedule.h"
#include "chat/store/sql_search.h"
#include "chat/store/sql_threads.h"
#include "chat/store/sql_users.h"

namespace tidemill::chat {
namespace {

class SqlStore final : public Store {
 public:
  SqlStore(net::Loop& loop, sql::Database& database, const Clock& clock, const SqlStoreOptions& options)
      : context_(loop, database, clock, writes_, options),
        room_statements_(context_),
        members_(context_, room_statements_) {}

  UserStore& users() override { return *users_; }
  RoomStore& rooms() override { return *rooms_; }
  MessageStore& messages() override { return *messages_; }
  MarkerStore& markers() override { return *markers_; }
  ThreadStore& threads() override { return *threads_; }
  ChangeStore& changes() override { return *changes_; }
  SearchStore& search() override { return *search_; }
  AttachmentStore& attachments() override { return *attachments_; }
  ModerationStore& moderation() override { return *moderation_; }
  HookStore& hooks() override { return *hooks_; }
  ScheduleStore& schedule() override { return *schedule_; }
  ReminderStore& reminders() override { return *reminders_; }
  RetentionStore& retention() override { return *retention_; }

 private:
  SqlContext context_;
  const RoomStatements room_statements_;
  SqlMembers members_;
  const std::unique_ptr<UserStore> users_ = MakeSqlUsers(context_);
  const std::unique_ptr<RoomStore> rooms_ = MakeSqlRooms(context_, room_statements_, members_);
  const std::unique_ptr<MessageStore> messages_ = MakeSqlMessages(context_, room_statements_);
  const std::unique_ptr<MarkerStore> markers_ = MakeSqlMarkers(context_);
  const std::unique_ptr<ThreadStore> threads_ = MakeSqlThreads(context_);
  const std::unique_ptr<ChangeStore> changes_ = MakeSqlChanges(context_);
  const std::unique_ptr<SearchStore> search_ = MakeSqlSearch(context_);
  const std::unique_ptr<AttachmentStore> attachments_ = MakeSqlAttachments(context_);
  const std::unique_ptr<ModerationStore> moderation_ =
      MakeSqlModeration(context_, room_statements_, members_);
  const std::unique_ptr<HookStore> hooks_ = MakeSqlHooks(context_, room_statements_);
  const std::unique_ptr<ScheduleStore> schedule_ = MakeSqlSchedule(context_);
  const std::unique_ptr<ReminderStore> reminders_ = MakeSqlReminders(context_);
  const std::unique_ptr<RetentionStore> retention_ = MakeSqlRetention(context_);
  TaskScope writes_;
};

}  // namespace

std::unique_ptr<Store> MakeSqlStore(net::Loop& loop, sql::Database& database, const Clock& clock,
                                    const SqlStoreOptions& options) {
  return std::make_unique<SqlStore>(loop, database, clock, options);
}

}  // namespace tidemill::chat
