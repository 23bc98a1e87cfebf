// PlantedBugs: faults that tests switch on to see that their checkers find them. Immutable after
// construction.
#pragma once

#include <string_view>

namespace tidemill::broker::redis_broker {

struct PlantedBugs {
  // `name`: one of the faults below; "": none.
  explicit PlantedBugs(std::string_view name)
      : skip_epoch_check(name == "skip_epoch_check"),
        skip_catch_up(name == "skip_catch_up"),
        drop_resubscribe(name == "drop_resubscribe"),
        ack_before_append(name == "ack_before_append"),
        reuse_offsets(name == "reuse_offsets"),
        duplicate_delivery(name == "duplicate_delivery"),
        forget_buffered(name == "forget_buffered"),
        keep_removed_keys(name == "keep_removed_keys"),
        silent_expiry(name == "silent_expiry") {}
  const bool skip_epoch_check;
  const bool skip_catch_up;
  const bool drop_resubscribe;
  const bool ack_before_append;
  const bool reuse_offsets;
  const bool duplicate_delivery;
  const bool forget_buffered;
  const bool keep_removed_keys;
  const bool silent_expiry;
};

}  // namespace tidemill::broker::redis_broker
