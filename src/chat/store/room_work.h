// RoomWork: a transaction that changes one room: the room's row is locked, who acts is looked at, changes get
// their versions, and all is written in the end.
//
// Whoever writes to a room locks its row first, then rows of members: nobody waits in a circle. Loop thread
// only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/store/change.h"
#include "chat/store/stored_values.h"
#include "chat/store/work.h"
#include "sql/insert.h"

namespace tidemill::chat {

enum class WhenArchived : std::uint8_t { kRefuse, kGoOn };

// What every part says about rooms. Immutable; any thread.
struct RoomStatements {
  explicit RoomStatements(const SqlContext& context);

  sql::Statement lock;          // $1 room
  sql::Statement find_member;   // $1 room, $2 user: MEMBER_COLUMNS
  sql::Statement find_full;     // $1 room, $2 user: USER_COLUMNS, MEMBER_COLUMNS
  sql::Statement save_counts;   // what each message changes
  sql::Statement save_all;      // and what settings and members change
  sql::Statement drop_changes;  // $1 room, $2 up to that version
  sql::Statement insert_audit;
  sql::Insert insert_changes;
};

class RoomWork {
 public:
  RoomWork(Work& work, const RoomStatements& statements) : work_(work), statements_(statements) {}

  // Locks the room and checks who acts. kNotFound, kForbidden, kArchived.
  Task<Outcome<>> Open(RoomId id, Acting acting, WhenArchived when_archived);

  Work& work() { return work_; }
  Room& room() { return room_; }
  // Who acts, where they are a member.
  const std::optional<MemberRow>& actor() const { return actor_; }
  Task<Outcome<std::optional<MemberRow>>> FindMember(std::string user);
  Task<Outcome<std::optional<Member>>> FindFull(std::string user);

  // The next version, whose change AddChange takes.
  Version NextVersion() { return ++room_.version; }
  void AddChange(Version version, std::string_view type, std::string data);
  // All of them at once, whose versions `room` has counted.
  void SetChanges(std::vector<Change> changes) { changes_ = std::move(changes); }
  std::vector<Change> TakeChanges() { return std::move(changes_); }

  // Notes who did what to whom. `detail`: a JSON object; "": none.
  Task<Outcome<>> Audit(AuditId id, std::string actor, std::string_view action, std::string target,
                        std::string detail = {});

  enum class Saves : std::uint8_t { kCounts, kAll };
  // Writes the room and its changes.
  Task<Outcome<>> Save(Saves saves);

 private:
  std::unexpected<Refusal> RefuseOutsider() const;

  Work& work_;
  const RoomStatements& statements_;
  Room room_;
  Version version_before_ = 0;
  std::optional<MemberRow> actor_;
  std::vector<Change> changes_;
};

// Whether `actor` may do something to a member of that role: owners to anybody, moderators to those below.
bool StandsAbove(Role actor, Role target);

// A name in ASCII small letters, by which channels are unique.
std::string NameKey(std::string_view name);

// No 0 in it, UTF-8, and no longer. kInvalid, kTooLong.
Outcome<> CheckText(std::string_view text, std::size_t bytes_max, std::string_view field);

}  // namespace tidemill::chat
