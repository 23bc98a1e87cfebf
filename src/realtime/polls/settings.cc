#include "realtime/polls/settings.h"

#include "config/section.h"

namespace tidemill::polls {
namespace {

using config::Of;

constexpr config::Row<PollSettings> kRows[] = {
    {"hmac_secret_key",
     Of<&PollSettings::hmac_secret_key>,
     {.doc =
          "With which your service signs the keys that a user may track in channels of the subscription_type "
          "\"shared_poll\"."}},
    {"hmac_previous_secret_key",
     Of<&PollSettings::hmac_previous_secret_key>,
     {.doc = "The one before it, which is still taken."}},
    {"hmac_previous_secret_key_valid_until",
     Of<&PollSettings::hmac_previous_secret_key_valid_until>,
     {.doc = "Of signatures that were made until then, in seconds since the Unix epoch; 0: of all.",
      .max = 9'007'199'254'740'991}},
    {"keys_max",
     Of<&PollSettings::keys_max>,
     {.doc = "Different keys that clients of a node track; further ones are error 106. One that is tracked "
             "on several "
             "loops counts on each.",
      .min = 1,
      .max = 100'000'000,
      .reload = config::Reload::kNo}},
    {"tracked_max",
     Of<&PollSettings::tracked_max>,
     {.doc = "The keys of all connections of a node together: one that a thousand track counts a thousand "
             "times.",
      .min = 1,
      .max = 1'000'000'000,
      .reload = config::Reload::kNo}},
    {"data_max_size",
     Of<&PollSettings::data_max_size>,
     {.doc = "Bytes of the newest data of all keys that a node keeps. Over it a change is not taken; it is "
             "asked about "
             "again.",
      .min = 1 << 20,
      .max = 64 * config::kGiB,
      .reload = config::Reload::kNo}},
};

}  // namespace

config::Section<PollSettings> PollSection() { return {.rows = kRows}; }

}  // namespace tidemill::polls
