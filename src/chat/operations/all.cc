#include "chat/operations/all.h"

#include <algorithm>
#include <iterator>

#include "chat/operations/hooks.h"
#include "chat/operations/markers.h"
#include "chat/operations/members.h"
#include "chat/operations/messages.h"
#include "chat/operations/moderation.h"
#include "chat/operations/people.h"
#include "chat/operations/reactions.h"
#include "chat/operations/reminders.h"
#include "chat/operations/rooms.h"
#include "chat/operations/scheduled.h"
#include "chat/operations/search.h"
#include "chat/operations/threads.h"

namespace tidemill::chat {

std::vector<Operation> AllOperations(Services& services) {
  std::vector<Operation> all;
  for (const auto list : {PeopleOperations, RoomOperations, MemberOperations, MessageOperations,
                          ReactionOperations, ThreadOperations, MarkerOperations, ModerationOperations,
                          ScheduledOperations, ReminderOperations, HookOperations}) {
    std::ranges::move(list(services), std::back_inserter(all));
  }
  all.push_back(SearchOperation(services));
  return all;
}

}  // namespace tidemill::chat
