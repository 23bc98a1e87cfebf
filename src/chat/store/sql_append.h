// SqlAppend: a batch of sends to one room as one transaction: what AppendPlan needs is read, what it comes to
// is written.
//
// Loop thread only.
#pragma once

#include <vector>

#include "chat/store/append_plan.h"
#include "chat/store/message_store.h"
#include "chat/store/room_work.h"
#include "chat/store/sql_context.h"

namespace tidemill::chat {

class SqlAppend {
 public:
  // Both outlive it.
  SqlAppend(SqlContext& context, const RoomStatements& rooms);

  // As MessageStore::Append says.
  Task<Outcome<Appended>> Append(RoomId room, std::vector<Send> sends);

 private:
  Task<Outcome<Appended>> Do(Work& work, RoomId id, std::vector<Send> sends);
  Task<Outcome<AppendFacts>> Read(RoomWork& room, const std::vector<Send>& sends) const;
  Task<Outcome<>> ReadEarlier(Work& work, const std::vector<Send>& sends, AppendFacts& facts) const;
  Task<Outcome<>> ReadRoots(Work& work, const std::vector<Send>& sends, AppendFacts& facts) const;
  Task<Outcome<>> ReadMembers(Work& work, const std::vector<Send>& sends, AppendFacts& facts) const;
  Task<Outcome<>> ReadAttachments(Work& work, const std::vector<Send>& sends, AppendFacts& facts) const;

  // What the plan changes, as calls.
  std::vector<sql::Call> CallsOf(const AppendPlan& plan) const;
  void AddMessages(const AppendPlan& plan, std::vector<sql::Call>& calls) const;
  void AddMembers(const AppendPlan& plan, std::vector<sql::Call>& calls) const;
  void AddThreads(const AppendPlan& plan, std::vector<sql::Call>& calls) const;

  SqlContext& context_;
  const RoomStatements& rooms_;
  const sql::Statement find_earlier_;
  const sql::Statement find_roots_;
  const sql::Statement find_members_;
  const sql::Statement find_attachments_;
  const sql::Statement update_members_;
  const sql::Statement update_root_;
  const sql::Statement bind_attachment_;
  const sql::Insert insert_messages_;
  const sql::Insert insert_search_;
  const sql::Insert insert_mentions_;
  const sql::Insert insert_authors_;
  const sql::Insert insert_followers_;
};

}  // namespace tidemill::chat
