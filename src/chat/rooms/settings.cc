#include "chat/rooms/settings.h"

#include "config/section.h"

namespace tidemill::chat {
namespace {

constexpr config::Row<ChatSettings> kChat[] = {
    {"enabled",
     config::Of<&ChatSettings::enabled>,
     {.doc = "Serves chat below /chat/v1/ and as rpc \"chat:…\", with the channel namespaces \"chat\" and "
             "\"chat_live\", which are made by themselves. Kept in storage.postgres.url or else in "
             "storage.sqlite.path. `serve --dev` does.",
      .reload = config::Reload::kNo}},
    {"text_max",
     config::Of<&ChatSettings::text_max>,
     {.doc = "Characters of a message; a room may allow fewer.",
      .min = 1,
      .max = 16'000,
      .reload = config::Reload::kNo}},
    {"sends_per_second",
     config::Of<&ChatSettings::sends_per_second>,
     {.doc =
          "Messages that one user may send on this node, on average; one more is refused with rate_limited.",
      .min = 1,
      .max = 100'000,
      .reload = config::Reload::kNo}},
    {"sends_burst",
     config::Of<&ChatSettings::sends_burst>,
     {.doc = "Messages that one user may send at once.",
      .min = 1,
      .max = 100'000,
      .reload = config::Reload::kNo}},
    {"calls_per_second",
     config::Of<&ChatSettings::calls_per_second>,
     {.doc = "Calls of any kind that one user may make on this node, on average; one more is refused with "
             "rate_limited.",
      .min = 1,
      .max = 1'000'000,
      .reload = config::Reload::kNo}},
    {"calls_burst",
     config::Of<&ChatSettings::calls_burst>,
     {.doc = "Calls that one user may make at once.",
      .min = 1,
      .max = 1'000'000,
      .reload = config::Reload::kNo}},
    {"batch_max",
     config::Of<&ChatSettings::batch_max>,
     {.doc = "Messages to one room that are written in one transaction: those that came while the one before "
             "was being committed.",
      .min = 1,
      .max = 64,
      .reload = config::Reload::kNo}},
    {"room_queue_max",
     config::Of<&ChatSettings::room_queue_max>,
     {.doc = "Writes that may wait for one room; one more is refused with unavailable.",
      .min = 1,
      .max = 100'000,
      .reload = config::Reload::kNo}},
    {"typing_interval",
     config::Of<&ChatSettings::typing_interval>,
     {.doc = "How often a client says that its user types; what comes more than twice as often is dropped.",
      .min = 500,
      .max = 60 * config::kSecond,
      .reload = config::Reload::kNo}},
    {"activity_interval",
     config::Of<&ChatSettings::activity_interval>,
     {.doc = "How often members who do not look at a room are told of its messages at most; of mentions and "
             "in direct rooms at once.",
      .min = 100,
      .max = 60 * config::kSecond,
      .reload = config::Reload::kNo}},
};

}  // namespace

config::Section<ChatSettings> ChatSection() { return {.rows = kChat, .check = nullptr}; }

}  // namespace tidemill::chat
