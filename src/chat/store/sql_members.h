// SqlMembers: who is in which room, on SQL: the half of RoomStore that is about members.
//
// Loop thread only.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "chat/store/room_store.h"
#include "chat/store/room_work.h"
#include "chat/store/sql_context.h"

namespace tidemill::chat {

// As RoomStore says.
class SqlMembers {
 public:
  // Both outlive it.
  SqlMembers(SqlContext& context, const RoomStatements& rooms);

  Task<Outcome<MemberPage>> List(MemberQuery query);
  Task<Outcome<std::vector<std::string>>> ListIds(RoomId room, std::string after, std::size_t limit);
  Task<Outcome<std::optional<Member>>> Find(RoomId room, std::string user);

  using AddedMembers = Changed<std::vector<Member>>;
  using RemovedMember = Changed<std::optional<Member>>;
  Task<Outcome<AddedMembers>> Add(Acting acting, RoomId room, std::vector<std::string> users, Role role);
  Task<Outcome<Changed<RoomView>>> Join(RoomId room, std::string user);
  Task<Outcome<RemovedMember>> Remove(Acting acting, RoomId room, std::string user);
  Task<Outcome<Changed<Member>>> SetRole(Acting acting, RoomId room, std::string user, Role role);

  // Inside of a transaction that is there already, for who makes or bans.
  // Users that are there; kNotFound names one that is not.
  Task<Outcome<std::vector<User>>> FindUsers(Work& work, std::vector<std::string> users) const;
  // Inserts them, with nothing unread.
  Task<Outcome<>> Insert(Work& work, const Room& room, std::vector<std::string> users, Role role) const;
  // Takes a member out, with a change; gives the member as it was.
  Task<Outcome<std::optional<Member>>> TakeOut(RoomWork& work, std::string user) const;

 private:
  Task<Outcome<AddedMembers>> DoAdd(Work& work, Acting acting, RoomId room, std::vector<std::string> users,
                                    Role role);
  Task<Outcome<Changed<RoomView>>> DoJoin(Work& work, RoomId room, std::string user);
  Task<Outcome<RemovedMember>> DoRemove(Work& work, Acting acting, RoomId room, std::string user);
  Task<Outcome<Changed<Member>>> DoSetRole(Work& work, Acting acting, RoomId room, std::string user,
                                           Role role);

  // Adds those who are not there yet, with a change for each. kBanned.
  Task<Outcome<std::vector<Member>>> AddTo(RoomWork& work, std::vector<std::string> users, Role role) const;
  Task<Outcome<>> CheckNotBanned(Work& work, RoomId room, const std::vector<std::string>& users) const;
  Task<Outcome<>> CheckOwnerStays(RoomWork& work, const Member& member) const;

  SqlContext& context_;
  const RoomStatements& rooms_;
  const sql::Statement list_;
  const sql::Statement list_ids_;
  const sql::Statement find_users_;
  const sql::Statement find_present_;
  const sql::Statement find_banned_;
  const sql::Statement count_owners_;
  const sql::Statement delete_member_;
  const sql::Statement delete_follower_;
  const sql::Statement delete_mentions_;
  const sql::Statement set_role_;
  const sql::Insert insert_;
};

}  // namespace tidemill::chat
